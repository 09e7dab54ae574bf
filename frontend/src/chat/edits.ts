// Another text for a message of one's own: from its menu, or with the up arrow in an empty box. The latest counts; the
// earlier ones that this device has are shown on demand. The price stays what it was.
import { say } from "../texts";
import { EDIT } from "./changes";
import type { NewMessage } from "../protocol/envelope";
import type { Shown } from "./conversation";
import { momentOf } from "./days";
import type { Action, ChatPage, Feature } from "./page";
import { part } from "./parts";
import type { RowEntry } from "./rows";
import { snippet } from "./words";

/** As the server has it: edits cost nothing, and one paid message would carry a talk. */
const EDIT_WITHIN_MS = 15 * 60_000;

const mayEdit = (shown: Shown): boolean =>
  shown.isMine && shown.kind === 1 && shown.text !== null && !shown.isErased && Date.now() - shown.recvMs < EDIT_WITHIN_MS;

class Edits implements Feature {
  constructor(private readonly page: ChatPage) {
    part(page.root, "text-input").addEventListener("keydown", (event) => this.#key(event));
  }

  /** An edit that was being written when the page was left goes on, if its message is here. */
  opened(): void {
    const about = this.page.context.about;
    if (about?.what !== "edit") return;
    const shown = this.page.shown(about.id);
    if (shown && mayEdit(shown)) this.page.context.show("edit", say(this.page.texts, "editing"), snippet(shown.text ?? ""));
    else this.page.context.end();
  }

  drawn(entry: RowEntry, shown: Shown): void {
    const edits = shown.isErased ? [] : this.page.changes.edits(shown);
    const button = part<HTMLButtonElement>(entry.element, "edited");
    button.hidden = edits.length === 0;
    button.onclick = () => this.#showVersions(shown);
    if (shown.isErased && this.page.context.about?.id === shown.id) this.page.context.end();
  }

  actions(_: RowEntry, shown: Shown): Action[] {
    if (!mayEdit(shown)) return [];
    return [{ name: "edit", icon: "pen", label: say(this.page.texts, "edit"), run: () => this.#begin(shown) }];
  }

  composing(message: NewMessage): NewMessage | null {
    const about = this.page.context.about;
    if (about?.what !== "edit") return message;
    const text = message.body.text ?? "";
    const isSame = this.page.shown(about.id)?.text === text;
    this.page.context.end();
    return isSame ? null : { kind: EDIT, body: { t: "text", text }, target: about.id };
  }

  #key(event: Event): void {
    const { key, isComposing } = event as KeyboardEvent;
    if (key !== "ArrowUp" || isComposing || this.page.composer.text !== "" || this.page.context.about) return;
    const last = this.page.rows.all.findLast(({ id }) => {
      const shown = this.page.shown(id);
      return shown !== undefined && mayEdit(shown);
    });
    if (!last) return;
    event.preventDefault();
    this.#begin(this.page.shown(last.id) as Shown);
  }

  #begin(shown: Shown): void {
    const { context, composer, texts } = this.page;
    context.begin("edit", shown.id, say(texts, "editing"), snippet(shown.text ?? ""));
    composer.fill(shown.text ?? "");
  }

  #showVersions(shown: Shown): void {
    const dialog = part<HTMLDialogElement>(this.page.root, "versions-dialog");
    const all = [{ atMs: shown.recvMs, text: shown.body?.text ?? null }, ...this.page.changes.edits(shown)];
    const rows = all.toReversed().map(({ atMs, text }) => {
      const [row, time, words] = [document.createElement("li"), document.createElement("time"), document.createElement("p")];
      time.dateTime = new Date(atMs).toISOString();
      time.textContent = momentOf(atMs);
      words.textContent = text ?? say(this.page.texts, "cannot_verify");
      words.dir = "auto";
      row.append(time, words);
      return row;
    });
    part(dialog, "versions").replaceChildren(...rows);
    dialog.showModal();
  }
}

export const makeEdits = (page: ChatPage): Feature => new Edits(page);
