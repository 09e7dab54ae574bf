// Reporting messages: chosen ones are opened to the moderators, verifiably, and nothing of any other (e2e section 3).
import { type Body, post, Problem } from "../api";
import { say } from "../texts";
import type { Shown } from "./conversation";
import { explain } from "./notices";
import type { Action, ChatPage, Feature } from "./page";
import { part } from "./parts";
import type { RowEntry } from "./rows";
import { inBrief, writerOf } from "./words";

type Category = Body<"/api/v1/reports", "post">["category"];

/** Messages around the chosen one that are offered too. */
const BEFORE = 8;
const AFTER = 4;

class Reports implements Feature {
  constructor(private readonly page: ChatPage) {}

  actions(_: RowEntry, shown: Shown): Action[] {
    if (shown.isMine || shown.isErased || shown.text === null) return [];
    const label = say(this.page.texts, "report");
    return [{ name: "report", icon: "flag", label, isDanger: true, run: () => void this.#ask(shown) }];
  }

  async #ask(shown: Shown): Promise<void> {
    const dialog = part<HTMLDialogElement>(this.page.root, "report-dialog");
    const form = dialog.querySelector("form") as HTMLFormElement;
    form.reset();
    const offered = this.#offer(shown);
    this.#list(dialog, offered, shown);
    dialog.returnValue = "";
    dialog.showModal();
    await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    if (dialog.returnValue !== "accept") return;
    const said = new FormData(form);
    const chosen = new Set(said.getAll("message").map(String));
    await this.#send(offered.filter((one) => chosen.has(one.id)), String(said.get("category")) as Category, String(said.get("details") ?? ""));
  }

  /** What can be opened near a message, in the order of the conversation. */
  #offer(shown: Shown): Shown[] {
    const known = this.page.rows.all.map((entry) => this.page.shown(entry.id)).filter((one) => one !== undefined);
    const readable = known.filter((one) => !one.isErased && one.body !== null);
    const at = readable.findIndex((one) => one.id === shown.id);
    return readable.slice(Math.max(0, at - BEFORE), at + AFTER + 1);
  }

  #list(dialog: HTMLElement, offered: Shown[], shown: Shown): void {
    const list = part(dialog, "report-messages");
    const template = part<HTMLTemplateElement>(dialog, "report-message");
    list.replaceChildren(...offered.map((one) => {
      const item = (template.content.firstElementChild as HTMLElement).cloneNode(true) as HTMLElement;
      const box = item.querySelector("input") as HTMLInputElement;
      box.value = one.id;
      box.checked = box.defaultChecked = one.id === shown.id;
      part(item, "report-writer").textContent = writerOf(this.page, one.isMine);
      part(item, "report-words").textContent = inBrief(this.page, one);
      return item;
    }));
  }

  async #send(chosen: Shown[], category: Category, details: string): Promise<void> {
    this.page.notices.hide();
    try {
      const messages = await Promise.all(chosen.map((one) => this.page.chat.openForReport(one)));
      await post<"/api/v1/reports">("reports", { kind: "message", user_id: this.page.peer, category, details, messages: messages.map((one) => ({ ...one })) });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.page.notices.show(explain(this.page.texts, error));
      return;
    }
    this.page.notices.announce(say(this.page.texts, "report_sent"));
  }
}

export const makeReports = (page: ChatPage): Feature => new Reports(page);
