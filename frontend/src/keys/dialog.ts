// One dialog for everything that takes the recovery code or the passphrase: it stays open, with what went wrong, until
// that is done.
import { Problem } from "../api";
import { BackupError, type Secret } from "../protocol/backup";
import { decodeRecovery } from "../protocol/recovery_code";
import { say, type Texts } from "../texts";
import { part } from "../chat/parts";

/** A recovery code where it is one, else a passphrase; null for nothing. */
export function readSecret(text: string): Secret | null {
  const recovery = decodeRecovery(text);
  if (recovery) return { recovery };
  return text.trim() ? { passphrase: text } : null;
}

/** What went wrong, in words that say what to do. */
export function explain(texts: Texts, error: unknown): string {
  const code = error instanceof Problem || error instanceof BackupError ? error.code : "";
  const name = `problem_${code}`;
  if (name in texts) return say(texts, name);
  console.warn("keys", error instanceof Error ? error.message : "failed");
  return say(texts, "failed");
}

export interface Question {
  title: string;
  text: string;
  button: string;
  isDangerous?: boolean;
  /** A code to compare, with a box to tick that it is the same. */
  code?: string;
  /** Ask for a new passphrase too. */
  wantsPassphrase?: boolean;
  /** Why a device is withdrawn. */
  wantsReason?: boolean;
}

export class SecretDialog {
  readonly #dialog: HTMLDialogElement;
  #act: ((secret: Secret) => Promise<void>) | null = null;
  #question: Question | null = null;

  constructor(root: ParentNode, private readonly texts: Texts) {
    this.#dialog = part<HTMLDialogElement>(root, "secret-dialog");
    part(this.#dialog, "secret-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#go();
    });
    part(this.#dialog, "secret-cancel").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.#forget());
    this.#passphrase.addEventListener("input", () => this.#showStrength());
  }

  get #passphrase(): HTMLInputElement {
    return part<HTMLInputElement>(this.#dialog, "new-passphrase");
  }

  get #input(): HTMLInputElement {
    return part<HTMLInputElement>(this.#dialog, "secret-input");
  }

  /** The new passphrase that was typed. */
  get newPassphrase(): string {
    return this.#passphrase.value;
  }

  get reason(): string {
    return part<HTMLSelectElement>(this.#dialog, "reason").value;
  }

  ask(question: Question, act: (secret: Secret) => Promise<void>): void {
    this.#question = question;
    this.#act = act;
    const set = (name: string, text: string) => (part(this.#dialog, name).textContent = text);
    set("secret-title", question.title);
    set("secret-text", question.text);
    set("secret-go", question.button);
    set("secret-code", question.code ?? "");
    set("secret-message", "");
    part(this.#dialog, "secret-go").classList.toggle("button-danger", question.isDangerous === true);
    part(this.#dialog, "compare").hidden = question.code === undefined;
    part(this.#dialog, "passphrase-fields").hidden = !question.wantsPassphrase;
    part(this.#dialog, "reason-field").hidden = !question.wantsReason;
    part<HTMLInputElement>(this.#dialog, "is-same").checked = false;
    this.#dialog.showModal();
  }

  async #go(): Promise<void> {
    const secret = readSecret(this.#input.value);
    const complaint = this.#complaint(secret);
    if (complaint || !secret) {
      this.#complain(say(this.texts, complaint));
      return;
    }
    this.#busy(true);
    try {
      await this.#act?.(secret);
      this.#dialog.close();
    } catch (error) {
      this.#complain(explain(this.texts, error));
    } finally {
      this.#busy(false);
    }
  }

  /** What is missing, "" for nothing. */
  #complaint(secret: Secret | null): string {
    const isCompared = part<HTMLInputElement>(this.#dialog, "is-same").checked;
    if (this.#question?.code !== undefined && !isCompared) return "compare_first";
    if (this.#question?.wantsPassphrase) {
      if (strength(this.newPassphrase) === "weak") return "strength_weak";
      if (part<HTMLInputElement>(this.#dialog, "new-passphrase-again").value !== this.newPassphrase) return "passphrases_differ";
    }
    return secret ? "" : "secret_missing";
  }

  #complain(text: string): void {
    part(this.#dialog, "secret-message").textContent = text;
  }

  #busy(isBusy: boolean): void {
    part(this.#dialog, "secret-busy").hidden = !isBusy;
    part<HTMLButtonElement>(this.#dialog, "secret-go").disabled = isBusy;
    if (isBusy) this.#complain("");
  }

  #showStrength(): void {
    part(this.#dialog, "strength").textContent = this.newPassphrase ? say(this.texts, `strength_${strength(this.newPassphrase)}`) : "";
  }

  #forget(): void {
    for (const input of this.#dialog.querySelectorAll<HTMLInputElement>("input[type=text], input[type=password]")) input.value = "";
    this.#showStrength();
    this.#act = null;
  }
}

/** A hint, no more: length tells most, as what stretches a passphrase is slow but not endless. */
export function strength(passphrase: string): "weak" | "fair" | "good" {
  const different = new Set(passphrase.toLowerCase()).size;
  if (passphrase.length < 12 || different < 6) return "weak";
  const words = passphrase.trim().split(/[\s-]+/).filter((word) => word.length > 2).length;
  return passphrase.length >= 20 && (words >= 4 || different >= 12) ? "good" : "fair";
}
