// The page of kept texts and planned messages: opens what is sealed for this person, seals what they write, and sends
// what is due while it is open.
import { get, Problem, request, type Schema } from "../api";
import { part } from "../chat/parts";
import { loadKeys, type MyKeys } from "../keys/keyring";
import { readTexts, say } from "../texts";
import { openNote, sealNote } from "./notes";
import { PlannedSender } from "./sender";

type Kept = Schema<"SealedTextOut">;

class PairlyPlanned extends HTMLElement {
  readonly #texts = readTexts("planned-texts");
  #keys!: MyKeys;
  #editing: Kept | null = null;
  #next = 0;

  connectedCallback(): void {
    void this.#start();
  }

  get #user(): string {
    return this.dataset["user"] as string;
  }

  #part<T extends HTMLElement>(name: string): T {
    return part<T>(this, name);
  }

  async #start(): Promise<void> {
    const keys = await loadKeys(this.#user).catch(() => null);
    if (!keys) {
      this.#part("locked").hidden = false;
      for (const field of this.querySelectorAll<HTMLButtonElement>("form[data-part] button")) field.disabled = true;
      return;
    }
    this.#keys = keys;
    if (this.querySelector('[data-part="plan-form"]')) {
      this.#on("plan-form", () => this.#plan());
      this.#on("welcome-form", () => this.#welcome());
    }
    this.#on("kept-form", () => this.#keep());
    await this.#open();
    await this.#list();
    this.setAttribute("data-ready", "");
    new PlannedSender(this.#user).start();
  }

  /** A form that this page sends by itself. Its fields keep what was typed until it is saved. */
  #on(name: string, act: () => Promise<void>): void {
    this.#part<HTMLFormElement>(name).addEventListener("submit", (event) => {
      event.preventDefault();
      void act().catch((error: unknown) => {
        const problem = error instanceof Problem ? error.document.title : "";
        this.#say(problem || say(this.#texts, "offline"));
      });
    });
  }

  #say(text: string): void {
    const line = this.#part("said");
    line.textContent = text;
    line.hidden = false;
    line.scrollIntoView({ block: "nearest" });
  }

  /** The texts of what is planned, where this device opens them. */
  async #open(): Promise<void> {
    for (const line of this.querySelectorAll<HTMLElement>("[data-box]")) {
      const note = await openNote(this.#user, this.#keys, line.dataset["id"] as string, line.dataset["box"] as string).catch(() => null);
      const text = note?.text ?? say(this.#texts, "locked");
      if (line instanceof HTMLFormElement) part<HTMLTextAreaElement>(line, "welcome-text").value = note?.text ?? "";
      else line.textContent = text;
    }
  }

  async #list(): Promise<void> {
    const { results } = await get<"/api/v1/messages/texts">("messages/texts");
    this.#next = Math.max(0, ...results.map((row) => row.position)) + 1;
    this.#part("kept").replaceChildren(...(await Promise.all(results.map((row) => this.#row(row)))));
    this.#part("kept").hidden = results.length === 0;
    this.#part<HTMLDetailsElement>("kept-new").open = results.length === 0;
  }

  async #row(row: Kept): Promise<HTMLElement> {
    const template = this.#part("kept-row") as HTMLTemplateElement;
    const item = (template.content.firstElementChild as HTMLElement).cloneNode(true) as HTMLElement;
    const note = await openNote(this.#user, this.#keys, row.id, row.box).catch(() => null);
    part(item, "kept-title").textContent = note ? note.title || note.text.slice(0, 60) : say(this.#texts, "locked");
    part(item, "kept-words").textContent = note?.title ? note.text.slice(0, 120) : "";
    const edit = part<HTMLButtonElement>(item, "kept-edit");
    edit.disabled = !note;
    edit.addEventListener("click", () => {
      this.#editing = row;
      this.#part<HTMLDetailsElement>("kept-new").open = true;
      this.#part<HTMLInputElement>("kept-name").value = note?.title ?? "";
      this.#part<HTMLTextAreaElement>("kept-text").value = note?.text ?? "";
      this.#part("kept-text").focus();
    });
    part(item, "kept-remove").addEventListener("click", () => void this.#remove(row));
    return item;
  }

  async #remove(row: Kept): Promise<void> {
    await request("DELETE", `messages/texts/${row.id}`).catch(() => this.#say(say(this.#texts, "offline")));
    await this.#list();
  }

  async #keep(): Promise<void> {
    const [name, text] = [this.#part<HTMLInputElement>("kept-name"), this.#part<HTMLTextAreaElement>("kept-text")];
    const id = this.#editing?.id ?? crypto.randomUUID();
    const box = await sealNote(this.#user, id, { title: name.value.trim(), text: text.value });
    await request("PUT", `messages/texts/${id}`, { box, position: this.#editing?.position ?? this.#next });
    this.#editing = null;
    name.value = text.value = "";
    await this.#list();
    this.#say(say(this.#texts, "saved"));
  }

  async #plan(): Promise<void> {
    const to = this.#part<HTMLSelectElement>("plan-to").value;
    const at = this.#part<HTMLInputElement>("plan-at").value;
    const isOne = to.includes("-");
    await this.#send(this.#part<HTMLTextAreaElement>("plan-text").value, {
      kind: isOne ? "scheduled" : "broadcast",
      send_at: (at ? new Date(at) : new Date()).toISOString(),
      ...(isOne ? { user_id: to } : { audience: to }),
    });
  }

  #welcome(): Promise<void> {
    const text = this.#part<HTMLTextAreaElement>("welcome-text").value;
    return this.#send(text, { kind: "welcome", send_at: new Date().toISOString() });
  }

  /** What is planned is listed by the server: the page is loaded again. */
  async #send(text: string, plan: Record<string, string>): Promise<void> {
    const id = crypto.randomUUID();
    await request("POST", "messages/planned", { id, box: await sealNote(this.#user, id, { text }), ...plan });
    location.reload();
  }
}

customElements.define("pairly-planned", PairlyPlanned);
