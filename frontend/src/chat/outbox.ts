// What is to be sent, one after the other. It waits while there is no connection; it fails only by a refusal, keeps the
// text then, and the message id makes sure that nothing is sent or paid twice. No DOM here.
import { Problem } from "../api";
import { encode64 } from "../protocol/bytes";
import type { Envelope } from "../protocol/envelope";
import type { Ack, Conversation, Outgoing, Sent } from "./conversation";

export interface OutboxView {
  sending(outgoing: Outgoing): void;
  waiting(outgoing: Outgoing, problem: Problem): void;
  sent(outgoing: Outgoing, sent: Sent): void;
  /** `problem` is null for what an earlier visit to this page left unsent. */
  failed(outgoing: Outgoing, problem: Problem | null): void;
  /** The price is another one now: whether to send for it. */
  agree(outgoing: Outgoing, newPriceCenti: number): Promise<boolean>;
  takeBack(outgoing: Outgoing): void;
  save(all: Outgoing[]): void;
}

export class Outbox {
  #line: Outgoing[] = [];
  #failed = new Map<string, Outgoing>();
  #isOpen = false;
  #isDown = false;
  #isBusy = false;
  #isAsking = false;

  /** `turn` runs a job when no frame is being worked on. */
  constructor(
    private readonly chat: Conversation,
    private readonly view: OutboxView,
    private readonly deliver: (envelope: Envelope) => Promise<Ack>,
    private readonly turn: (job: () => Promise<void>) => Promise<void>,
  ) {}

  add(outgoing: Outgoing): void {
    this.#failed.delete(encode64(outgoing.id));
    this.#line.push(outgoing);
    this.view.sending(outgoing);
    if (this.#isDown) this.view.waiting(outgoing, unreachable("offline"));
    this.#save();
    void this.#pump();
  }

  /** What an earlier visit left unsent: the person decides. */
  restore(outgoing: Outgoing): void {
    this.#fail(outgoing, null);
  }

  /** The text goes back to its writer. Only for what certainly did not arrive. */
  takeBack(outgoing: Outgoing): void {
    if (outgoing.envelope) return;
    this.#forget(encode64(outgoing.id));
    this.view.takeBack(outgoing);
  }

  /** Nobody wants it sent any more. */
  drop(outgoing: Outgoing): void {
    this.#forget(encode64(outgoing.id));
  }

  /** The message is in the conversation, whichever way we learned of it. */
  settle(id: string): void {
    if (this.#failed.has(id) || this.#line.some((one) => encode64(one.id) === id)) this.#forget(id);
  }

  /** The connection is there, and what was missed has been read. */
  open(): void {
    this.#isOpen = true;
    this.#isDown = false;
    void this.#pump();
  }

  close(): void {
    this.#isOpen = false;
    this.#isDown = true;
    for (const outgoing of this.#line) this.view.waiting(outgoing, unreachable("offline"));
  }

  async #pump(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (this.#isOpen && !this.#isAsking && this.#line.length > 0) await this.turn(() => this.#sendFirst());
    this.#isBusy = false;
  }

  async #sendFirst(): Promise<void> {
    const outgoing = this.#line[0];
    if (!outgoing) return;
    this.view.sending(outgoing);
    try {
      const sent = await this.chat.send(outgoing, this.deliver);
      this.#forget(encode64(outgoing.id));
      this.view.sent(outgoing, sent);
    } catch (error) {
      const problem = error instanceof Problem ? error : unreachable("cannot_verify");
      if (problem.code === "offline" || problem.code === "unanswered") {
        this.#isOpen = false;
        this.#save();
        this.view.waiting(outgoing, problem);
        return;
      }
      this.#line.shift();
      if (problem.code === "price_changed") void this.#ask(outgoing, problem);
      else this.#fail(outgoing, problem);
    }
  }

  /** Not in the turn: while the person thinks, messages go on arriving. */
  async #ask(outgoing: Outgoing, problem: Problem): Promise<void> {
    const newPriceCenti = problem.document["price_centi"] as number;
    this.#isAsking = true;
    this.#failed.set(encode64(outgoing.id), outgoing);
    this.#save();
    const isAgreed = await this.view.agree(outgoing, newPriceCenti);
    this.#isAsking = false;
    if (isAgreed) {
      outgoing.priceCenti = newPriceCenti;
      this.#failed.delete(encode64(outgoing.id));
      this.#line.unshift(outgoing);
    } else {
      this.takeBack(outgoing);
    }
    this.#save();
    void this.#pump();
  }

  #fail(outgoing: Outgoing, problem: Problem | null): void {
    this.#failed.set(encode64(outgoing.id), outgoing);
    this.#save();
    this.view.failed(outgoing, problem);
  }

  #forget(id: string): void {
    this.#failed.delete(id);
    this.#line = this.#line.filter((one) => encode64(one.id) !== id);
    this.#save();
  }

  #save(): void {
    this.view.save([...this.#failed.values(), ...this.#line]);
  }
}

export const unreachable = (code: string) => new Problem({ code, title: "", status: 0, detail: "" });
