// The form of a document and a selfie: each chosen picture is shown, the way to the server has a progress and a way
// back, and what has to be corrected is said with the pictures still there. Without this script it is a plain form.
import { Problem, type Schema } from "./api";
import { type Sending, send } from "./pictures/sending";
import { readTexts, say } from "./texts";

const PICTURES = ["document", "selfie"] as const;
const texts = readTexts("verification-texts");

interface Fault {
  pointer: string;
  detail: string;
}

/** `<pairly-verification data-max-bytes data-done>` around the form. */
class PairlyVerification extends HTMLElement {
  #sending: Sending<Schema<"VerificationOut">> | null = null;

  connectedCallback(): void {
    for (const name of PICTURES) this.#input(name).addEventListener("change", () => this.#preview(name));
    this.#input("consent").addEventListener("change", () => this.#clear("consent"));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.#part("stop").addEventListener("click", () => this.#sending?.abort());
    addEventListener("beforeunload", (event) => {
      if (this.#sending) event.preventDefault();
    });
  }

  get #form(): HTMLFormElement {
    return this.querySelector("form") as HTMLFormElement;
  }

  #input(name: string): HTMLInputElement {
    return this.#form.elements.namedItem(name) as HTMLInputElement;
  }

  #part<T extends HTMLElement = HTMLElement>(name: string): T {
    return this.querySelector(`[data-part="${name}"]`) as T;
  }

  #preview(name: (typeof PICTURES)[number]): void {
    this.#clear(name);
    const frame = this.#part(`preview-${name}`);
    const file = this.#input(name).files?.[0];
    frame.hidden = !file;
    frame.replaceChildren();
    if (!file) return;
    const image = document.createElement("img");
    image.alt = texts[`alt_${name}`] ?? "";
    image.addEventListener("load", () => URL.revokeObjectURL(image.src));
    image.addEventListener("error", () => {
      frame.hidden = true;
      this.#fault(name, texts["no_picture"] ?? "");
    });
    image.src = URL.createObjectURL(file);
    frame.append(image);
    this.#check(name);
  }

  #check(name: (typeof PICTURES)[number]): void {
    const file = this.#input(name).files?.[0];
    if (!file) this.#fault(name, texts[`missing_${name}`] ?? "");
    else if (file.size > Number(this.dataset["maxBytes"])) this.#fault(name, texts["too_large"] ?? "");
  }

  async #submit(): Promise<void> {
    if (this.#sending) return;
    this.#clear();
    for (const name of PICTURES) this.#check(name);
    if (!this.#input("consent").checked) this.#fault("consent", texts["missing_consent"] ?? "");
    if (this.#focusFault()) return;
    const fields = Object.fromEntries([...new FormData(this.#form)].filter(([name]) => name !== "csrfmiddlewaretoken"));
    this.#sending = send("verifications", { ...fields, consent: "true" }, (share) => this.#advance(share));
    this.#advance(0);
    try {
      await this.#sending.done;
      this.#sending = null;
      location.assign(this.dataset["done"] ?? "/");
    } catch (error) {
      this.#sending = null;
      this.#explain(error);
    }
  }

  #advance(share: number): void {
    const percent = Math.floor(share * 100);
    this.#part("way").hidden = false;
    this.#part<HTMLProgressElement>("progress").value = percent;
    this.#part("percent").textContent = share < 1 ? say(texts, "sending", { percent }) : (texts["storing"] ?? "");
    this.#part<HTMLButtonElement>("send").disabled = true;
    this.#part("stop").hidden = share >= 1;
  }

  #explain(error: unknown): void {
    this.#part("way").hidden = true;
    this.#part<HTMLButtonElement>("send").disabled = false;
    const problem = error instanceof Problem ? error.document : null;
    for (const row of (problem?.["errors"] as Fault[] | undefined) ?? []) this.#fault(row.pointer.slice(1), row.detail);
    if (this.#focusFault()) return;
    const general = this.#part("general");
    general.hidden = false;
    general.textContent = problem?.status ? problem.detail || problem.title : (texts["failed"] ?? "");
    this.#part<HTMLButtonElement>("send").focus();
  }

  /** Say what is wrong with a field; where there is none of this name, for the whole form. */
  #fault(name: string, words: string): void {
    const input = this.#form.elements.namedItem(name);
    const field = input instanceof HTMLElement ? input.closest(".field, .field-check") : null;
    if (!(input instanceof HTMLElement) || !field) {
      this.#part("general").hidden = false;
      this.#part("general").textContent = words;
      return;
    }
    const list = document.createElement("ul");
    list.className = "field-errors";
    list.id = `${input.id}_error`;
    const row = document.createElement("li");
    row.textContent = words;
    list.append(row);
    field.querySelector(".field-errors")?.remove();
    field.append(list);
    field.classList.add("field-invalid");
    input.setAttribute("aria-invalid", "true");
    const help = document.getElementById(`${input.id}_helptext`);
    input.setAttribute("aria-describedby", [...(help ? [help.id] : []), list.id].join(" "));
  }

  #clear(only = ""): void {
    for (const field of this.#form.querySelectorAll<HTMLElement>(".field-invalid")) {
      const input = field.querySelector<HTMLInputElement>("[name]");
      if (!input || (only && input.name !== only)) continue;
      field.classList.remove("field-invalid");
      field.querySelector(".field-errors")?.remove();
      input.removeAttribute("aria-invalid");
      if (document.getElementById(`${input.id}_helptext`)) input.setAttribute("aria-describedby", `${input.id}_helptext`);
      else input.removeAttribute("aria-describedby");
    }
    if (!only) this.#part("general").hidden = true;
  }

  #focusFault(): boolean {
    const first = this.#form.querySelector<HTMLElement>("[aria-invalid=true]");
    first?.focus();
    return first !== null;
  }
}

customElements.define("pairly-verification", PairlyVerification);
