// The keys page: set up with a recovery code that is typed back, or unlock this device with it.
import { random } from "../protocol/bytes";
import { BackupError } from "../protocol/backup";
import { decodeRecovery, encodeRecovery } from "../protocol/recovery_code";
import { readTexts, say, type Texts } from "../texts";
import { enrol, keyState, unlock } from "./keyring";
import { copy, download } from "./recovery_file";

/** Where a step stands in the setting up: [keys, code]; unlocking has no such steps. */
const STEPPER: Record<string, [string, string]> = {
  intro: ["current", "coming"], code: ["done", "current"], working: ["done", "current"], done: ["done", "done"],
};

class PairlyKeys extends HTMLElement {
  #texts: Texts = {};
  #code = random(16);
  #isNew = false;

  connectedCallback(): void {
    this.#texts = readTexts("keys-texts");
    this.#part("start").addEventListener("click", () => this.#showCode());
    this.#part("confirm").addEventListener("click", () => void this.#confirm());
    this.#part("unlock").addEventListener("click", () => void this.#unlock());
    this.#part("copy").addEventListener("click", () => void this.#copy());
    this.#part("download").addEventListener("click", () => this.#download());
    this.#part("reload").addEventListener("click", () => location.reload());
    this.#onEnter("code-again", "confirm");
    this.#onEnter("recovery-input", "unlock");
    void this.#guard(async () => {
      const found = await keyState(this.#user);
      this.#isNew = found === "none";
      this.#show(found === "none" ? "intro" : found === "locked" ? "unlock" : "done");
    });
  }

  get #user(): string {
    return this.dataset["user"] as string;
  }

  #part<T extends HTMLElement = HTMLElement>(name: string): T {
    return this.querySelector(`[data-part="${name}"]`) as T;
  }

  #show(step: string): void {
    for (const section of this.querySelectorAll<HTMLElement>("[data-step]")) section.hidden = section.dataset["step"] !== step;
    this.#say("");
    this.#showStepper(step);
    this.querySelector<HTMLElement>(`[data-step="${step}"] h2`)?.focus();
  }

  #showStepper(step: string): void {
    const places = this.#isNew ? STEPPER[step] : undefined;
    this.#part("steps").hidden = !places;
    for (const [i, name] of ["step-keys", "step-code"].entries()) {
      const item = this.#part(name);
      item.classList.toggle("is-done", places?.[i] === "done");
      item.toggleAttribute("aria-current", places?.[i] === "current");
      if (places?.[i] === "current") item.setAttribute("aria-current", "step");
    }
  }

  #onEnter(field: string, button: string): void {
    this.#part(field).addEventListener("keydown", (event) => {
      if ((event as KeyboardEvent).key === "Enter") this.#part(button).click();
    });
  }

  async #copy(): Promise<void> {
    if (await copy(encodeRecovery(this.#code))) this.#part("copy-word").textContent = say(this.#texts, "copied");
  }

  #download(): void {
    const heading = say(this.#texts, "file_text", { name: this.dataset["name"] as string });
    download(say(this.#texts, "file_name"), `${heading}\n\n${encodeRecovery(this.#code)}\n`);
  }

  #say(text: string): void {
    const message = this.#part("message");
    message.textContent = text;
    if (text) message.scrollIntoView({ block: "nearest" });
  }

  #showCode(): void {
    this.#part("recovery-code").textContent = encodeRecovery(this.#code);
    this.#show("code");
  }

  async #confirm(): Promise<void> {
    const typed = decodeRecovery(this.#part<HTMLInputElement>("code-again").value);
    if (!typed || encodeRecovery(typed) !== encodeRecovery(this.#code)) {
      this.#say(say(this.#texts, "code_differs"));
      return;
    }
    await this.#work(() => enrol(this.#user, this.#code, say(this.#texts, "device_label")), "code");
  }

  async #unlock(): Promise<void> {
    const recovery = decodeRecovery(this.#part<HTMLInputElement>("recovery-input").value);
    if (!recovery) {
      this.#say(say(this.#texts, "code_mistyped"));
      return;
    }
    await this.#work(() => unlock(this.#user, { recovery }, say(this.#texts, "device_label")), "unlock");
  }

  async #work(act: () => Promise<void>, backTo: string): Promise<void> {
    this.#show("working");
    try {
      await act();
      this.#code = random(16);
      this.#part("recovery-code").textContent = "";
      this.#show("done");
    } catch (error) {
      this.#show(backTo);
      const isWrong = error instanceof BackupError && error.code === "wrong_secret";
      this.#say(say(this.#texts, isWrong ? "code_wrong" : "failed"));
      if (!isWrong) console.warn("keys", error instanceof Error ? error.message : "failed");
    }
  }

  async #guard(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch {
      this.#show("error");
    }
  }
}

customElements.define("pairly-keys", PairlyKeys);
