// The keys page: set up with a recovery code that is typed back, or unlock this device with it.
import { random } from "../protocol/bytes";
import { BackupError } from "../protocol/backup";
import { decodeRecovery, encodeRecovery } from "../protocol/recovery_code";
import { readTexts, say, type Texts } from "../texts";
import { enrol, keyState, unlock } from "./keyring";

class PairlyKeys extends HTMLElement {
  #texts: Texts = {};
  #code = random(16);

  connectedCallback(): void {
    this.#texts = readTexts("keys-texts");
    this.#part("start").addEventListener("click", () => this.#showCode());
    this.#part("confirm").addEventListener("click", () => void this.#confirm());
    this.#part("unlock").addEventListener("click", () => void this.#unlock());
    void this.#guard(async () => {
      const found = await keyState(this.#user);
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
    this.querySelector<HTMLElement>(`[data-step="${step}"] h2`)?.focus();
  }

  #say(text: string): void {
    this.#part("message").textContent = text;
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
