// Answers that quote: `re` names the message in the sealed body.
import type { NewMessage } from "../protocol/envelope";
import { say } from "../texts";
import type { Outgoing, Shown } from "./conversation";
import type { Action, ChatPage, Feature } from "./page";
import { part } from "./parts";
import type { RowEntry } from "./rows";
import { inBrief, writerOf } from "./words";

class Replies implements Feature {
  /** Rows that quote a message, by its id: they follow what becomes of it. */
  readonly #quoting = new Map<string, Set<RowEntry>>();

  constructor(private readonly page: ChatPage) {}

  opened(): void {
    const about = this.page.context.about;
    if (about?.what === "answer") this.#show(about.id);
  }

  drawn(entry: RowEntry, shown: Shown): void {
    this.#quote(entry, shown.body?.re);
    for (const other of this.#quoting.get(shown.id) ?? []) this.#fill(other, shown.id);
    if (shown.isErased && this.page.context.about?.id === shown.id) this.page.context.end();
  }

  sending(entry: RowEntry, outgoing: Outgoing): void {
    this.#quote(entry, outgoing.body.re);
  }

  takenBack(outgoing: Outgoing): void {
    if (outgoing.body.re !== undefined) this.#begin(outgoing.body.re);
  }

  actions(_: RowEntry, shown: Shown): Action[] {
    if (shown.text === null) return [];
    const copy = { name: "copy", icon: "copy", label: say(this.page.texts, "copy"), run: () => void navigator.clipboard.writeText(shown.text ?? "") };
    const answer = { name: "answer", icon: "answer", label: say(this.page.texts, "answer"), run: () => this.#begin(shown.id) };
    return this.page.chat.peerHasKeys ? [answer, copy] : [copy];
  }

  composing(message: NewMessage): NewMessage {
    const about = this.page.context.about;
    if (about?.what !== "answer" || message.kind !== 1) return message;
    this.page.context.end();
    return { ...message, body: { ...message.body, re: about.id } };
  }

  #begin(id: string): void {
    this.page.context.begin("answer", id, "", "");
    this.#show(id);
  }

  #show(id: string): void {
    const shown = this.page.shown(id);
    const title = say(this.page.texts, "answer_to", { name: shown ? writerOf(this.page, shown.isMine) : "…" });
    this.page.context.show("answer", title, inBrief(this.page, shown));
  }

  #quote(entry: RowEntry, re: unknown): void {
    const quote = part<HTMLButtonElement>(entry.element, "quote");
    quote.hidden = typeof re !== "string" || re === entry.id;
    if (quote.hidden) return;
    const id = re as string;
    this.#quoting.set(id, (this.#quoting.get(id) ?? new Set()).add(entry));
    quote.onclick = () => void this.#goTo(id);
    this.#fill(entry, id);
  }

  #fill(entry: RowEntry, id: string): void {
    const shown = this.page.shown(id);
    part(entry.element, "quote-name").textContent = shown ? writerOf(this.page, shown.isMine) : "";
    part(entry.element, "quote-text").textContent = inBrief(this.page, shown);
    part(entry.element, "quote").dataset["mine"] = String(shown?.isMine ?? false);
  }

  async #goTo(id: string): Promise<void> {
    await this.page.back.until(() => this.page.rows.find(id) !== undefined);
    const entry = this.page.rows.find(id);
    if (entry) this.page.scroll.toRow(entry.element);
    else if (!this.page.chat.hasOlder) this.page.notices.show(say(this.page.texts, "quote_gone"));
  }
}

export const makeReplies = (page: ChatPage): Feature => new Replies(page);
