// How what is being sent looks: on its way, waiting, refused with a reason and a way on.
import type { Problem } from "../api";
import { encode64 } from "../protocol/bytes";
import { say, type Texts } from "../texts";
import type { Composer } from "./composer";
import { askForPrice } from "./consent";
import type { Outgoing, Sent, Shown } from "./conversation";
import type { Drafts } from "./drafts";
import { explain, type Notices } from "./notices";
import type { Outbox, OutboxView } from "./outbox";
import { part } from "./parts";
import type { RowEntry, Rows } from "./rows";
import type { Scroll } from "./scroll";

export interface SendsPage {
  texts: Texts;
  rows: Rows;
  scroll: Scroll;
  composer: Composer;
  notices: Notices;
  drafts: Drafts;
  dialog: HTMLDialogElement;
  show(shown: Shown[]): void;
  setBalance(centi: number): void;
  setPrice(): void;
  /** A row of mine is there that the server does not have yet. */
  drew(entry: RowEntry, outgoing: Outgoing): void;
  takenBack(outgoing: Outgoing): void;
  /** A change of mine is on its way, or will not be. */
  changing(outgoing: Outgoing): void;
  refused(outgoing: Outgoing): void;
}

export class Sends implements OutboxView {
  outbox!: Outbox;

  constructor(private readonly page: SendsPage) {}

  save(all: Outgoing[]): void {
    this.page.drafts.unsent = all;
  }

  sending(outgoing: Outgoing): void {
    if (!hasRow(outgoing)) return this.page.changing(outgoing);
    const entry = this.#row(outgoing);
    this.page.rows.setStatus(entry, "sending");
    settled(entry);
    this.page.scroll.toEnd();
  }

  waiting(outgoing: Outgoing, problem: Problem): void {
    if (!hasRow(outgoing)) return;
    const entry = this.#row(outgoing);
    this.page.rows.setStatus(entry, "waiting");
    this.#offer(entry, outgoing, explain(this.page.texts, problem), { canRetry: false, canBuy: false });
  }

  sent(outgoing: Outgoing, { shown, ack }: Sent): void {
    if (hasRow(outgoing)) settled(this.#row(outgoing));
    this.page.show(shown);
    if (ack) this.page.setBalance(ack.balance_centi);
    this.page.setPrice();
  }

  /** An edit, a deletion or a reaction that is refused is over: there is nothing to keep but the reason. */
  failed(outgoing: Outgoing, problem: Problem | null): void {
    const reason = problem ? explain(this.page.texts, problem) : say(this.page.texts, "left_unsent");
    if (!hasRow(outgoing)) {
      this.outbox.drop(outgoing);
      this.page.refused(outgoing);
      if (problem) this.page.notices.show(reason);
      return;
    }
    const entry = this.#row(outgoing);
    this.page.rows.setStatus(entry, "failed");
    this.#offer(entry, outgoing, reason, { canRetry: true, canBuy: problem?.code === "insufficient_credits" });
    this.page.notices.announce(reason);
    this.page.setPrice();
  }

  async agree(outgoing: Outgoing, newPriceCenti: number): Promise<boolean> {
    this.page.setPrice();
    const isAgreed = await askForPrice(this.page.dialog, this.page.texts, outgoing.priceCenti, newPriceCenti);
    this.page.composer.focus();
    return isAgreed;
  }

  takeBack(outgoing: Outgoing): void {
    this.page.rows.remove(this.#row(outgoing));
    this.page.composer.put(outgoing.body.text ?? "");
    this.page.takenBack(outgoing);
  }

  #row(outgoing: Outgoing): RowEntry {
    const id = encode64(outgoing.id);
    const known = this.page.rows.find(id);
    if (known) return known;
    const entry = this.page.rows.take(id, true);
    this.page.rows.setText(entry, outgoing.body.text ?? "");
    this.page.rows.setTime(entry, Date.now());
    this.page.drew(entry, outgoing);
    this.page.rows.arrange();
    return entry;
  }

  /** The reason in the row, and what can be done. What may have arrived is not taken back: it might be paid twice. */
  #offer(entry: RowEntry, outgoing: Outgoing, reason: string, can: { canRetry: boolean; canBuy: boolean }): void {
    const box = part(entry.element, "failure");
    box.hidden = false;
    part(box, "failure-text").textContent = reason;
    part(box, "buy").hidden = !can.canBuy;
    const retry = part<HTMLButtonElement>(box, "retry");
    retry.hidden = !can.canRetry;
    retry.onclick = () => {
      this.outbox.add(outgoing);
      this.page.composer.focus();
    };
    const edit = part<HTMLButtonElement>(box, "edit");
    edit.hidden = outgoing.envelope !== null;
    edit.onclick = () => this.outbox.takeBack(outgoing);
  }
}

/** Messages have rows; what changes another message has not. */
export const hasRow = (outgoing: Outgoing): boolean => outgoing.kind === 1 || outgoing.kind === 5;

/** The row needs no help any more. */
export function settled(entry: RowEntry): void {
  part(entry.element, "failure").hidden = true;
}
