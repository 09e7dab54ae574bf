// What the two of a conversation can do about held credits: say that a reply was no answer, give credits back, tell of a
// message that no key opens. What became of them says the server, and `holds.ts` shows it.
import { type Body, post, Problem } from "../api";
import { decode64, uuidText } from "../protocol/bytes";
import type { Frame } from "../socket";
import { credits, say } from "../texts";
import { explain } from "./notices";
import type { Shown } from "./conversation";
import type { Action, ChatPage, Feature } from "./page";
import { part } from "./parts";
import type { RowEntry } from "./rows";

type Reason = Body<"/api/v1/messages/{message_id}/not-an-answer", "post">["reason"];

const NO_KEY = "no_box_for_me";
const OF_HOLDS = new Set(["hold.refunded", "hold.frozen", "hold.settled"]);

export class Money implements Feature {
  /** Messages of mine that the other one's keys do not open, as this page has heard. */
  readonly #unreadable = new Set<number>();

  constructor(private readonly page: ChatPage) {}

  drawn(entry: RowEntry, shown: Shown): void {
    if (!entry.isMine && shown.problem === NO_KEY) this.#showNoKey(entry, shown);
    if (entry.isMine) this.#showSendAgain(entry);
    // A reply to messages of mine: what it was paid for, and until when it can be disputed, the server knows.
    const isReply = !entry.isMine && shown.kind === 1 && this.#firstPaidBy(entry) !== undefined;
    if (!entry.isMine && shown.priceCenti > 0) void this.page.turn(async () => this.#showMenus());
    if (isReply && shown.row.read_at === undefined) void this.page.turn(() => this.#lookUp(this.#firstPaidBy(entry)));
  }

  async frame(frame: Frame): Promise<void> {
    if (frame["conversation"] !== this.page.chat.id) return;
    const n = frame["n"] as number;
    if (OF_HOLDS.has(frame.type)) await this.#lookUp(n);
    if (frame.type !== "message.unreadable") return;
    this.#unreadable.add(n);
    const entry = this.page.rows.all.find((one) => one.isMine && one.n === n);
    if (entry) this.#showSendAgain(entry);
  }

  actions(entry: RowEntry): Action[] {
    const { texts, holds } = this.page;
    const actions: Action[] = [];
    const paidFor = (entry.isMine ? [entry] : holds.answeredBy(entry)).find((one) => one.isMine && this.#canDispute(one));
    if (paidFor) {
      const label = say(texts, "no_answer");
      actions.push({ name: "no-answer", icon: "return", label, run: () => void this.#dispute(paidFor) });
    }
    const hold = holds.find(entry);
    if (!entry.isMine && hold && hold.giveBackUntilMs > Date.now()) {
      const label = say(texts, "give_back");
      actions.push({ name: "give-back", icon: "return", label, run: () => void this.#giveBack(entry, hold.amountCenti) });
    }
    return actions;
  }

  #canDispute(entry: RowEntry): boolean {
    return (this.page.holds.find(entry)?.disputeUntilMs ?? 0) > Date.now();
  }

  /** The first of my paid messages that this reply answered. */
  #firstPaidBy(reply: RowEntry): number | undefined {
    const paid = this.page.holds.answeredBy(reply).filter((one) => one.isMine);
    return paid.length ? Math.min(...paid.map((one) => one.n)) : undefined;
  }

  /** What the server says now of message `n` and of those after it. */
  async #lookUp(n: number | undefined): Promise<void> {
    if (n === undefined) return;
    try {
      this.page.holds.update(await this.page.chat.lookUp(n));
    } catch (error) {
      if (!(error instanceof Problem)) throw error; // no connection: the page looks again with the next one
      return;
    }
    for (const entry of this.page.rows.all) if (entry.isMine) this.#showSendAgain(entry);
    this.#showMenus();
  }

  /** What is known of credits came after the row was drawn. */
  #showMenus(): void {
    for (const entry of this.page.rows.all) if (this.actions(entry).length) part(entry.element, "more").hidden = false;
  }

  // -- not an answer, given back ---------------------------------------------------------------------------
  async #dispute(entry: RowEntry): Promise<void> {
    const dialog = part<HTMLDialogElement>(this.page.root, "dispute-dialog");
    const form = dialog.querySelector("form") as HTMLFormElement;
    form.reset();
    if (!(await isAgreed(dialog))) return;
    const said = new FormData(form);
    const reason = String(said.get("reason")) as Reason;
    const body = { conversation: this.page.chat.id, reason, words: String(said.get("words") ?? "") };
    const path = `messages/${idOf(entry)}/not-an-answer` as const;
    await this.#do(() => post<"/api/v1/messages/{message_id}/not-an-answer">(path, body), entry, "no_answer_said");
  }

  async #giveBack(entry: RowEntry, amountCenti: number): Promise<void> {
    const dialog = part<HTMLDialogElement>(this.page.root, "refund-dialog");
    part(dialog, "refund-text").textContent = say(this.page.texts, "give_back_text", {
      credits: credits(amountCenti), name: this.page.peerName,
    });
    if (!(await isAgreed(dialog))) return;
    const path = `messages/${idOf(entry)}/refund` as const;
    const body = { conversation: this.page.chat.id };
    await this.#do(() => post<"/api/v1/messages/{message_id}/refund">(path, body), entry, "give_back_done");
  }

  /** Do it, say so, and show what the server makes of it; a refusal is explained. Returns whether it was done. */
  async #do(act: () => Promise<unknown>, entry: RowEntry, done: string): Promise<boolean> {
    this.page.notices.hide();
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.page.notices.show(explain(this.page.texts, error));
      return false;
    }
    this.page.notices.announce(say(this.page.texts, done));
    await this.page.turn(() => this.#lookUp(entry.n));
    return true;
  }

  // -- a key that is lost ------------------------------------------------------------------------------------
  #showNoKey(entry: RowEntry, shown: Shown): void {
    const { texts, rows } = this.page;
    rows.setText(entry, say(texts, "no_key"), true);
    const isHeld = shown.priceCenti > 0 && (shown.row.hold_state ?? "open") === "open"; // a push does not say
    this.#offer(entry, "", say(texts, isHeld ? "no_key_give_back" : "no_key_tell"), async (box) => {
      const path = `messages/${idOf(entry)}/unreadable` as const;
      const body = { conversation: this.page.chat.id };
      const act = () => post<"/api/v1/messages/{message_id}/unreadable">(path, body);
      if (await this.#do(act, entry, "no_key_told")) this.#settle(box, "no_key_told");
    });
  }

  #showSendAgain(entry: RowEntry): void {
    const shown = this.page.shown(entry.id);
    const isLost = this.#unreadable.has(entry.n) || this.page.holds.find(entry)?.reason === "unreadable";
    if (!isLost || !shown?.body || this.#wasSentAgain(entry, shown)) return;
    const { texts, chat } = this.page;
    const cost = chat.priceCenti;
    const label = say(texts, cost ? "send_again_for" : "send_again", { price: credits(cost) });
    const { body } = shown;
    this.#offer(entry, say(texts, "peer_no_key", { name: this.page.peerName }), label, async (box) => {
      box.hidden = true;
      this.#unreadable.delete(entry.n);
      this.page.send(chat.begin({ kind: 1, body }));
    });
  }

  #wasSentAgain(entry: RowEntry, shown: Shown): boolean {
    const later = this.page.rows.all.filter((one) => one.isMine && one.n > entry.n);
    return later.some((one) => this.page.shown(one.id)?.text === shown.text);
  }

  #offer(entry: RowEntry, text: string, label: string, act: (box: HTMLElement) => Promise<void>): void {
    const box = part(entry.element, "lost");
    const button = part<HTMLButtonElement>(box, "lost-act");
    part(box, "lost-text").textContent = text;
    button.textContent = label;
    button.hidden = box.hidden = false;
    button.onclick = async () => {
      button.disabled = true;
      await act(box).finally(() => (button.disabled = false));
    };
  }

  #settle(box: HTMLElement, text: string): void {
    part(box, "lost-text").textContent = say(this.page.texts, text);
    part(box, "lost-act").hidden = true;
  }
}

const idOf = (entry: RowEntry): string => uuidText(decode64(entry.id));

/** Closing the dialog in any other way is a no. */
function isAgreed(dialog: HTMLDialogElement): Promise<boolean> {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "accept"), { once: true });
  });
}

export const makeMoney = (page: ChatPage): Feature => new Money(page);
