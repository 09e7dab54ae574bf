// The part of the page that shows what there is: ways to open the keys, devices, and devices that wait to be let in.
import { get, request, type Schema } from "../api";
import { part } from "../chat/parts";
import type { Secret } from "../protocol/backup";
import { decode64 } from "../protocol/bytes";
import { language, say, sayInto, type Texts } from "../texts";
import { type Approval, codeOf, grant, listWaiting, refuse } from "./approval";
import { openStored, replaceSecret, revoke } from "./changes";
import { explain, type SecretDialog } from "./dialog";
import { findBackup } from "./keyring";
import { download } from "./recovery_file";

type Device = Schema<"KeyDeviceOut">;

const day = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" });
const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });

function time(at: string, format: Intl.DateTimeFormat): HTMLTimeElement {
  const element = document.createElement("time");
  element.dateTime = at;
  element.textContent = format.format(new Date(at));
  return element;
}

/** What the page does that is more than this part: say something, begin a new recovery code. */
export interface Page {
  say(text: string, isGood?: boolean): void;
  renew(secret: Secret): void;
}

export class Centre {
  constructor(
    private readonly root: HTMLElement, private readonly user: string, private readonly texts: Texts,
    private readonly dialog: SecretDialog, private readonly page: Page,
  ) {
    part(root, "download-file").addEventListener("click", () => void this.#download());
    part(root, "passphrase").addEventListener("click", () => this.#askPassphrase());
    part(root, "renew").addEventListener("click", () => this.#askRenew());
  }

  async show(): Promise<void> {
    await Promise.all([this.#showWays(), this.showDevices(), this.showWaiting()]);
  }

  async #showWays(): Promise<void> {
    const slots = (await findBackup())?.slots.map((slot) => slot.type) ?? [];
    const has = { recovery: slots.includes("recovery"), passphrase: slots.includes("argon2id") };
    part(this.root, "recovery-state").textContent = say(this.texts, has.recovery ? "recovery_on" : "recovery_off");
    part(this.root, "recovery-state").classList.toggle("badge-held", !has.recovery);
    part(this.root, "passphrase-state").textContent = say(this.texts, has.passphrase ? "passphrase_on" : "passphrase_off");
    part(this.root, "passphrase").textContent = say(this.texts, has.passphrase ? "passphrase_change" : "passphrase_set");
  }

  // -- devices ------------------------------------------------------------------------------------------
  async showDevices(): Promise<void> {
    const { results } = await get<"/api/v1/keys/devices">("keys/devices");
    part(this.root, "devices").replaceChildren(...results.filter((one) => one.is_active).map((one) => this.#deviceRow(one)));
    const gone = results.filter((one) => !one.is_active);
    part(this.root, "revoked").hidden = gone.length === 0;
    part(this.root, "revoked-devices").replaceChildren(...gone.map((one) => this.#goneRow(one)));
  }

  #row(template: string): HTMLElement {
    return part<HTMLTemplateElement>(this.root, template).content.firstElementChild?.cloneNode(true) as HTMLElement;
  }

  #name(device: { label: string }): string {
    return device.label || say(this.texts, "device_unnamed");
  }

  #deviceRow(device: Device): HTMLElement {
    const row = this.#row("device-row");
    const name = this.#name(device);
    part(row, "device-name").textContent = name;
    part(row, "device-this").hidden = !device.is_this;
    sayInto(part(row, "device-added"), this.texts, "device_added", { day: time(device.created_at, day) });
    part(row, "device-seen").hidden = device.last_seen_at === null;
    if (device.last_seen_at) sayInto(part(row, "device-seen"), this.texts, "device_seen", { time: time(device.last_seen_at, moment) });
    const input = part<HTMLInputElement>(row, "device-label");
    input.value = device.label;
    input.setAttribute("aria-label", say(this.texts, "device_label_of", { name }));
    part(row, "device-rename").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#rename(device, input.value);
    });
    const button = part<HTMLButtonElement>(row, "device-revoke");
    button.hidden = device.is_this;
    button.setAttribute("aria-label", say(this.texts, "revoke_of", { name }));
    button.addEventListener("click", () => this.#askRevoke(device));
    return row;
  }

  #goneRow(device: Device): HTMLElement {
    const row = this.#row("gone-row");
    part(row, "device-name").textContent = this.#name(device);
    if (device.revoked_at) sayInto(part(row, "device-gone"), this.texts, "device_gone", { time: time(device.revoked_at, moment) });
    return row;
  }

  async #rename(device: Device, label: string): Promise<void> {
    await this.#try(async () => {
      if (label.trim()) await request("PUT", `keys/devices/${device.kid}`, { label: label.trim() });
      await this.showDevices();
    });
  }

  #askRevoke(device: Device): void {
    const question = {
      title: say(this.texts, "revoke_title", { name: this.#name(device) }), text: say(this.texts, "revoke_text"),
      button: say(this.texts, "revoke_button"), isDangerous: true, wantsReason: true,
    };
    this.dialog.ask(question, async (secret) => {
      const wasStolen = this.dialog.reason === "stolen";
      await revoke(this.user, decode64(device.kid), secret);
      await this.show();
      const dropped = "recovery" in secret ? "revoked_keep_code" : "revoked_new_code";
      this.page.say([say(this.texts, dropped), wasStolen ? say(this.texts, "revoked_stolen") : ""].join(" ").trim(), true);
    });
  }

  // -- devices that wait --------------------------------------------------------------------------------
  async showWaiting(): Promise<void> {
    const waiting = await listWaiting();
    const rows = await Promise.all(waiting.map((one) => this.#waitingRow(one)));
    part(this.root, "waiting").hidden = rows.length === 0;
    part(this.root, "approvals").replaceChildren(...rows);
  }

  async #waitingRow(approval: Approval): Promise<HTMLElement> {
    const row = this.#row("approval-row");
    const name = this.#name(approval);
    const code = await codeOf(this.user, approval);
    part(row, "approval-name").textContent = name;
    part(row, "approval-code").textContent = code;
    sayInto(part(row, "approval-until"), this.texts, "approval_until", { time: time(approval.expires_at, moment) });
    part(row, "approval-grant").addEventListener("click", () => this.#askGrant(approval, name, code));
    part(row, "approval-refuse").addEventListener("click", () => void this.#try(async () => {
      await refuse(approval.id);
      await this.showWaiting();
    }));
    return row;
  }

  #askGrant(approval: Approval, name: string, code: string): void {
    const question = { title: say(this.texts, "grant_title", { name }), text: say(this.texts, "grant_text"), button: say(this.texts, "grant_button"), code };
    this.dialog.ask(question, async (secret) => {
      await grant(this.user, approval, secret);
      await this.show();
      this.page.say(say(this.texts, "granted", { name }), true);
    });
  }

  // -- ways to open the keys ----------------------------------------------------------------------------
  #askPassphrase(): void {
    const question = { title: say(this.texts, "passphrase_title"), text: say(this.texts, "passphrase_text"), button: say(this.texts, "passphrase_button"), wantsPassphrase: true };
    this.dialog.ask(question, async (secret) => {
      await replaceSecret(this.user, secret, { passphrase: this.dialog.newPassphrase });
      await this.show();
      this.page.say(say(this.texts, "passphrase_done"), true);
    });
  }

  #askRenew(): void {
    const question = { title: say(this.texts, "renew_title"), text: say(this.texts, "renew_text"), button: say(this.texts, "renew_button") };
    this.dialog.ask(question, async (secret) => {
      await openStored(this.user, secret); // a wrong one is told before a code is written down
      this.page.renew(secret);
    });
  }

  async #download(): Promise<void> {
    await this.#try(async () => {
      const file = await findBackup();
      if (file) download(say(this.texts, "key_file_name"), JSON.stringify(file), "application/json");
    });
  }

  async #try(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.page.say(explain(this.texts, error));
    }
  }
}
