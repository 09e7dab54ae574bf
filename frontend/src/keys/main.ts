// The page of keys: setting up, unlocking a device in one of three ways, and the centre of one's keys.
import { Problem } from "../api";
import { part } from "../chat/parts";
import { parseFile, type Secret } from "../protocol/backup";
import { random, uuidBytes } from "../protocol/bytes";
import { decodeRecovery, encodeRecovery } from "../protocol/recovery_code";
import { ChatSocket, type Frame } from "../socket";
import { readTexts, say, type Texts } from "../texts";
import { ask, type Asking, look, refuse } from "./approval";
import { Centre } from "./centre";
import { enrol, importFile, replaceSecret, reset, unlock } from "./changes";
import { explain, readSecret, SecretDialog } from "./dialog";
import { deviceName } from "./device_name";
import { type KeyState, keyState, loadKeys } from "./keyring";
import { copy, download } from "./recovery_file";
import { rotateIfDue } from "./rotation";

/** Where a step stands in the setting up: [keys, code]; unlocking has no such steps. */
const STEPPER: Record<string, [string, string]> = {
  intro: ["current", "coming"], code: ["done", "current"], working: ["done", "current"], done: ["done", "done"],
};
const STEP_OF: Record<KeyState, string> = { none: "intro", locked: "unlock", stale: "unlock", lost: "lost", ready: "done" };
const LOOK_EVERY_MS = 5_000;

class PairlyKeys extends HTMLElement {
  #texts: Texts = {};
  #code = random(16);
  /** What is done once the code on the page was typed back. */
  #withCode: () => Promise<void> = () => enrol(this.#user, this.#code, deviceName(this.#texts));
  #afterCode = "";
  #isNew = false;
  #step = "";
  #state: KeyState = "none";
  #asking: Asking | null = null;
  #looking = 0;
  #centre!: Centre;

  connectedCallback(): void {
    this.#texts = readTexts("keys-texts");
    const dialog = new SecretDialog(this, this.#texts);
    this.#centre = new Centre(this, this.#user, this.#texts, dialog, {
      say: (text, isGood) => this.#say(text, isGood),
      renew: (secret) => this.#renew(secret),
    });
    this.#on("start", () => this.#showCode());
    this.#on("confirm", () => void this.#confirm());
    this.#on("unlock", () => void this.#unlock());
    this.#on("copy", () => void this.#copy());
    this.#on("download", () => this.#download());
    this.#on("reload", () => location.reload());
    this.#on("ask-device", () => void this.#ask());
    this.#on("stop-asking", () => void this.#stopAsking());
    this.#on("import", () => void this.#import());
    this.#on("reset", () => this.#confirmReset());
    for (const button of this.querySelectorAll<HTMLElement>("[data-go]")) {
      button.addEventListener("click", () => this.#go(button.dataset["go"] as string));
    }
    this.#onEnter("code-again", "confirm");
    this.#onEnter("recovery-input", "unlock");
    this.#onEnter("file-secret", "import");
    this.#onEnter("reset-word", "reset");
    this.#listen();
    void this.#begin();
  }

  get #user(): string {
    return this.dataset["user"] as string;
  }

  #on(name: string, act: () => void): void {
    part(this, name).addEventListener("click", act);
  }

  async #begin(): Promise<void> {
    try {
      this.#state = await keyState(this.#user);
      this.#isNew = this.#state === "none";
      const wantsReset = this.#state !== "none" && new URLSearchParams(location.search).has("begin-anew");
      if (this.#state === "stale") this.#explainStale();
      if (this.#state === "ready") await this.#open();
      this.#show(wantsReset ? "reset" : STEP_OF[this.#state]);
    } catch {
      this.#show("error");
    }
  }

  /** What the ready device does first: bind itself to this sign-in, and renew what is due. */
  async #open(): Promise<void> {
    const keys = await loadKeys(this.#user);
    if (keys) await rotateIfDue(this.#user, keys).catch(() => false);
    await this.#centre.show();
  }

  #explainStale(): void {
    part(this, "unlock-title").textContent = say(this.#texts, "stale_title");
    part(this, "unlock-text").textContent = say(this.#texts, "stale_text");
  }

  // -- steps --------------------------------------------------------------------------------------------
  #show(step: string): void {
    this.#step = step;
    for (const section of this.querySelectorAll<HTMLElement>("[data-step]")) section.hidden = section.dataset["step"] !== step;
    this.#say("");
    this.#showStepper(step);
    this.querySelector<HTMLElement>(`[data-step="${step}"] h2`)?.focus();
  }

  #showStepper(step: string): void {
    const places = this.#isNew ? STEPPER[step] : undefined;
    part(this, "steps").hidden = !places;
    for (const [i, name] of ["step-keys", "step-code"].entries()) {
      const item = part(this, name);
      item.classList.toggle("is-done", places?.[i] === "done");
      item.toggleAttribute("aria-current", places?.[i] === "current");
      if (places?.[i] === "current") item.setAttribute("aria-current", "step");
    }
  }

  /** To another step, or back to where this device stands. */
  #go(step: string): void {
    if (step === "reset" && this.dataset["fresh"] !== "true") {
      location.assign(this.dataset["stepUp"] as string);
      return;
    }
    this.#show(step === "back" ? STEP_OF[this.#state] : step);
  }

  #onEnter(field: string, button: string): void {
    part(this, field).addEventListener("keydown", (event) => {
      if ((event as KeyboardEvent).key === "Enter") part(this, button).click();
    });
  }

  #say(text: string, isGood = false): void {
    const message = part(this, "message");
    message.textContent = text;
    message.classList.toggle("notice-warning", !isGood);
    message.classList.toggle("notice-success", isGood);
    if (text) message.scrollIntoView({ block: "nearest" });
  }

  async #work(act: () => Promise<void>, backTo: string): Promise<boolean> {
    this.#show("working");
    try {
      await act();
      this.#state = "ready";
      await this.#open();
      this.#show("done");
      return true;
    } catch (error) {
      if (error instanceof Problem && error.code === "step_up_required") {
        location.assign(this.dataset["stepUp"] as string);
        return false;
      }
      this.#show(backTo);
      this.#say(explain(this.#texts, error));
      return false;
    }
  }

  // -- a recovery code, written down and typed back ------------------------------------------------------
  #showCode(): void {
    part(this, "recovery-code").textContent = encodeRecovery(this.#code);
    this.#show("code");
  }

  async #copy(): Promise<void> {
    if (await copy(encodeRecovery(this.#code))) part(this, "copy-word").textContent = say(this.#texts, "copied");
  }

  #download(): void {
    const heading = say(this.#texts, "file_text", { name: this.dataset["name"] as string });
    download(say(this.#texts, "file_name"), `${heading}\n\n${encodeRecovery(this.#code)}\n`);
  }

  async #confirm(): Promise<void> {
    const input = part<HTMLInputElement>(this, "code-again");
    const typed = decodeRecovery(input.value);
    if (!typed || encodeRecovery(typed) !== encodeRecovery(this.#code)) {
      this.#say(say(this.#texts, "code_differs"));
      return;
    }
    if (!(await this.#work(this.#withCode, "code"))) return;
    this.#code = random(16);
    input.value = "";
    part(this, "recovery-code").textContent = "";
    if (this.#afterCode) this.#say(say(this.#texts, this.#afterCode), true);
  }

  /** A new recovery code, for whom `secret` has just let in. */
  #renew(secret: Secret): void {
    this.#code = random(16);
    this.#afterCode = "renewed";
    this.#withCode = () => replaceSecret(this.#user, secret, { recovery: this.#code });
    this.#showCode();
  }

  #confirmReset(): void {
    const typed = part<HTMLInputElement>(this, "reset-word").value.trim().toLocaleLowerCase();
    if (typed !== say(this.#texts, "reset_word").toLocaleLowerCase()) {
      this.#say(say(this.#texts, "reset_word_differs"));
      return;
    }
    this.#code = random(16);
    this.#afterCode = "begun_anew";
    this.#withCode = () => reset(this.#user, this.#code, deviceName(this.#texts));
    this.#showCode();
  }

  // -- this device, unlocked ----------------------------------------------------------------------------
  async #unlock(): Promise<void> {
    const secret = readSecret(part<HTMLInputElement>(this, "recovery-input").value);
    if (!secret) {
      this.#say(say(this.#texts, "secret_missing"));
      return;
    }
    const isDone = await this.#work(() => unlock(this.#user, secret, deviceName(this.#texts)), "unlock");
    if (isDone) part<HTMLInputElement>(this, "recovery-input").value = "";
  }

  async #import(): Promise<void> {
    const secret = readSecret(part<HTMLInputElement>(this, "file-secret").value);
    const chosen = part<HTMLInputElement>(this, "file").files?.[0];
    if (!chosen || !secret) {
      this.#say(say(this.#texts, chosen ? "secret_missing" : "file_missing"));
      return;
    }
    const read = async () => importFile(this.#user, parseFile(await chosen.text(), uuidBytes(this.#user)), secret, deviceName(this.#texts));
    if (await this.#work(read, "file")) part<HTMLInputElement>(this, "file-secret").value = "";
  }

  async #ask(): Promise<void> {
    this.#show("working");
    try {
      this.#asking = await ask(this.#user, deviceName(this.#texts));
      part(this, "comparison-code").textContent = this.#asking.code;
      this.#show("waiting");
      this.#looking = window.setInterval(() => void this.#look(), LOOK_EVERY_MS);
    } catch (error) {
      this.#show("unlock");
      this.#say(explain(this.#texts, error));
    }
  }

  async #look(): Promise<void> {
    const asking = this.#asking;
    if (!asking || this.#step !== "waiting") return;
    let state;
    try {
      state = await look(this.#user, asking);
    } catch (error) {
      if (error instanceof Problem) return; // not reached: the next look may
      this.#over("unlock", "problem_cannot_verify");
      return;
    }
    if (this.#asking !== asking || state === "asked") return;
    if (state !== "granted") {
      this.#over("unlock", state === "refused" ? "was_refused" : "was_late");
      return;
    }
    this.#over("working");
    await this.#work(async () => undefined, "unlock");
  }

  #over(step: string, text = ""): void {
    clearInterval(this.#looking);
    this.#asking = null;
    this.#show(step);
    if (text) this.#say(say(this.#texts, text));
  }

  async #stopAsking(): Promise<void> {
    const asking = this.#asking;
    this.#over("unlock");
    if (asking) await refuse(asking.id).catch(() => undefined);
  }

  // -- what happens meanwhile ---------------------------------------------------------------------------
  #listen(): void {
    const socket = new ChatSocket(() => ({}));
    socket.addEventListener("frame", (event) => this.#take((event as CustomEvent<Frame>).detail));
    socket.connect();
  }

  #take(frame: Frame): void {
    if (frame.type === "session.revoked" || frame.type === "local.ended") location.assign(`/sign-in/?next=${encodeURIComponent(location.pathname)}`);
    else if (frame.type === "device.approval" && this.#step === "waiting") void this.#look();
    else if (frame.type === "device.approval" && this.#step === "done") void this.#centre.showWaiting().catch(() => undefined);
    else if (frame.type === "key.changed" && this.#step === "done") void this.#centre.showDevices().catch(() => undefined);
  }
}

customElements.define("pairly-keys", PairlyKeys);
