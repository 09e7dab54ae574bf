// Kept texts are at hand. For creators: what is planned is sent from any open conversation, a text can wait for a time.
import { get, Problem, request } from "../api";
import { openNote, sealNote } from "../planned/notes";
import { PlannedSender } from "../planned/sender";
import { say } from "../texts";
import type { ChatPage, Feature } from "./page";
import { part } from "./parts";
import type { RowEntry } from "./rows";
import type { Shown } from "./conversation";

export function planned(page: ChatPage): Feature {
  const menu = page.root.querySelector<HTMLElement>('[data-part="kept-menu"]');
  return {
    opened: () => menu && new Kept(page, menu).start(),
    drawn: (entry, shown) => label(page, entry, shown),
  };
}

/** Nobody takes an automatic message for a letter. */
function label(page: ChatPage, entry: RowEntry, { kind, body }: Shown): void {
  if (kind !== 5) return;
  const line = part(entry.element, "automatic");
  line.hidden = false;
  part(line, "automatic-text").textContent = say(page.texts, `automatic_${body?.auto ?? "message"}`);
}

class Kept {
  readonly #sender: PlannedSender;
  /** Only creators plan. */
  readonly #dialog: HTMLDialogElement | null;

  constructor(private readonly page: ChatPage, private readonly menu: HTMLElement) {
    this.#sender = new PlannedSender(page.me);
    this.#dialog = page.root.querySelector<HTMLDialogElement>('[data-part="later-dialog"]');
  }

  start(): void {
    this.menu.addEventListener("toggle", (event) => {
      if ((event as ToggleEvent).newState === "open") void this.#fill();
    });
    if (this.#dialog) this.#startPlanning(this.#dialog);
  }

  #startPlanning(dialog: HTMLDialogElement): void {
    this.#sender.start();
    this.page.socket.addEventListener("frame", (event) => {
      const { type } = (event as CustomEvent<{ type: string }>).detail;
      if (type === "planned" || type === "resumed") void this.#sender.look();
    });
    part(this.menu, "later").addEventListener("click", () => this.#ask(dialog));
    part(dialog, "later-form").addEventListener("submit", () => void this.#plan(dialog));
    part(dialog, "later-cancel").addEventListener("click", () => dialog.close());
  }

  async #fill(): Promise<void> {
    const list = part(this.menu, "kept-list");
    const { results } = await get<"/api/v1/messages/texts">("messages/texts");
    const items = await Promise.all(results.map(async (row) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      const note = await openNote(this.page.me, this.page.chat.keys, row.id, row.box).catch(() => null);
      button.textContent = note ? note.title || note.text.slice(0, 60) : say(this.page.texts, "kept_locked");
      button.disabled = !note;
      button.addEventListener("click", () => {
        this.menu.hidePopover();
        if (note) this.page.composer.put(note.text);
      });
      item.append(button);
      return item;
    }));
    list.replaceChildren(...items);
    part(this.menu, "kept-none").hidden = items.length > 0;
  }

  #ask(dialog: HTMLDialogElement): void {
    this.menu.hidePopover();
    const text = this.page.composer.text.trim();
    part(dialog, "later-missing").hidden = text !== "";
    part<HTMLButtonElement>(dialog, "later-plan").disabled = text === "";
    part(dialog, "later-text").textContent = text;
    const at = part<HTMLInputElement>(dialog, "later-at");
    at.min = local(Date.now());
    at.value = local(Date.now() + 3_600_000);
    dialog.showModal();
  }

  async #plan(dialog: HTMLDialogElement): Promise<void> {
    const text = this.page.composer.text.trim();
    const at = new Date(part<HTMLInputElement>(dialog, "later-at").value);
    const id = crypto.randomUUID();
    try {
      const box = await sealNote(this.page.me, id, { text });
      const body = { id, kind: "scheduled", box, send_at: at.toISOString(), user_id: this.page.peer };
      await request("POST", "messages/planned", body);
      this.page.composer.clear();
      this.page.notices.announce(say(this.page.texts, "planned_for", { at: at.toLocaleString() }));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.page.notices.show(error.document.title || say(this.page.texts, "problem_other"));
    }
  }
}

/** For a datetime-local field: the reader's own time, to the minute. */
function local(ms: number): string {
  const at = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return at.toISOString().slice(0, 16);
}
