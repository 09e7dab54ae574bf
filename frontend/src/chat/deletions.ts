// Deleting for both: the words go everywhere, what was signed and paid stays.
import { say } from "../texts";
import { DELETION } from "./changes";
import type { Outgoing, Shown } from "./conversation";
import type { Action, ChatPage, Feature } from "./page";
import { part } from "./parts";
import type { RowEntry } from "./rows";

class Deletions implements Feature {
  constructor(private readonly page: ChatPage) {}

  actions(_: RowEntry, shown: Shown): Action[] {
    if (!shown.isMine || shown.isErased) return [];
    const label = say(this.page.texts, "delete");
    return [{ name: "delete", icon: "bin", label, isDanger: true, run: () => void this.#ask(shown) }];
  }

  drawn(entry: RowEntry): void {
    entry.element.classList.remove("is-going");
  }

  changing(outgoing: Outgoing): void {
    if (outgoing.kind === DELETION) this.#rowOf(outgoing)?.classList.add("is-going");
  }

  refused(outgoing: Outgoing): void {
    if (outgoing.kind === DELETION) this.#rowOf(outgoing)?.classList.remove("is-going");
  }

  #rowOf(outgoing: Outgoing): Element | undefined {
    return this.page.rows.find(outgoing.target ?? "")?.element;
  }

  async #ask(shown: Shown): Promise<void> {
    const dialog = part<HTMLDialogElement>(this.page.root, "delete-dialog");
    part(dialog, "delete-money").hidden = shown.priceCenti === 0;
    dialog.returnValue = "";
    dialog.showModal();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    if (dialog.returnValue !== "delete") return;
    this.page.send(this.page.chat.begin({ kind: DELETION, body: {}, target: shown.id }));
    part(this.page.root, "log").focus(); // the row's own button goes with its words
  }
}

export const makeDeletions = (page: ChatPage): Feature => new Deletions(page);
