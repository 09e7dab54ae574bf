// The credits behind messages: held with a deadline that ticks down, paid out, or gone back.
import { credits, sayInto, type Texts } from "../texts";
import { momentOf, span } from "./days";
import type { Row } from "./conversation";
import { draw, part } from "./parts";
import type { RowEntry, Rows } from "./rows";

type State = "open" | "hold_answered" | "hold_frozen" | "hold_released" | "hold_refunded";

export interface Hold {
  state: State;
  amountCenti: number;
  /** When it goes back; of an answered one when it is paid. */
  expiresMs: number;
  /** Why it went back; empty for the deadline. */
  reason: string;
  /** Until when I may say that the reply was no answer, or give it back; 0: not at all. */
  disputeUntilMs: number;
  giveBackUntilMs: number;
  dispute: Row["dispute"] | null;
}

const STATES: Record<string, State> = {
  open: "open", answered: "hold_answered", frozen: "hold_frozen", posted: "hold_released", voided: "hold_refunded",
};
const ICONS: Record<State, string> = {
  open: "hourglass", hold_answered: "clock", hold_frozen: "shield", hold_released: "check", hold_refunded: "return",
};
/** Those whose time is running. */
const WAITING = new Set<State>(["open", "hold_answered", "hold_frozen"]);
const TICK_MS = 60_000;

export class Holds {
  #holds = new Map<RowEntry, Hold>();

  /** `nearest` is told the earliest open deadline of messages to me whenever it may have changed. */
  constructor(
    private readonly rows: Rows,
    private readonly texts: Texts,
    private readonly nearest: (deadline: Node | null) => void,
  ) {
    setInterval(() => this.tick(), TICK_MS);
    document.addEventListener("visibilitychange", () => this.tick());
  }

  /** What the server says of a message's hold. */
  set(entry: RowEntry, row: Row): void {
    const state = STATES[row.hold_state ?? ""];
    if (!state) return;
    this.#holds.set(entry, {
      state,
      amountCenti: row.charged_centi ?? 0,
      expiresMs: Date.parse(row.hold_until ?? row.hold_expires_at ?? ""),
      reason: row.hold_reason ?? "",
      disputeUntilMs: Date.parse(row.dispute_until ?? "") || 0,
      giveBackUntilMs: Date.parse(row.give_back_until ?? "") || 0,
      dispute: row.dispute ?? null,
    });
  }

  /** What is known of a message's hold. */
  find(entry: RowEntry): Hold | undefined {
    return this.#holds.get(entry);
  }

  /** The messages with held or paid credits that this one answered. */
  answeredBy(answer: RowEntry): RowEntry[] {
    return [...this.#holds.keys()].filter((entry) => this.#answerTo(entry) === answer);
  }

  /** An answer was accepted: it pays for what its writer had seen. */
  release(answer: RowEntry): void {
    for (const [entry, hold] of this.#holds) {
      if (hold.state === "open" && entry.isMine !== answer.isMine && entry.n <= answer.seenN) hold.state = "hold_released";
    }
    this.showAll();
  }

  /** The deadline gave back what was held for message `n`. */
  refund(n: number): void {
    for (const [entry, hold] of this.#holds) if (entry.n === n && hold.state === "open") hold.state = "hold_refunded";
    this.showAll();
  }

  /** The first message after `n` whose credits are held as far as this page knows. */
  firstOpenAfter(n: number): number | undefined {
    const open = [...this.#holds].filter(([entry, hold]) => WAITING.has(hold.state) && entry.n > n);
    return open.length ? Math.min(...open.map(([entry]) => entry.n)) : undefined;
  }

  /** What the server says now of messages that are shown. */
  update(rows: Row[]): void {
    const found = new Map(rows.map((row) => [row.srv.n, row]));
    for (const [entry] of this.#holds) {
      const row = found.get(entry.n);
      if (row) this.set(entry, row);
    }
    this.showAll();
  }

  showAll(): void {
    for (const [entry, hold] of this.#holds) this.#show(entry, hold);
    this.#showNearest();
  }

  /** Each minute, while somebody looks. */
  tick(): void {
    if (document.visibilityState !== "visible") return;
    for (const [entry, hold] of this.#holds) if (WAITING.has(hold.state)) this.#show(entry, hold);
    this.#showNearest();
  }

  #show(entry: RowEntry, hold: Hold): void {
    entry.element.dataset["hold"] = hold.state;
    const chip = part(entry.element, "hold");
    chip.hidden = false;
    draw(part<SVGElement>(chip, "hold-icon"), ICONS[hold.state]);
    const answeredMs = hold.state === "hold_released" ? this.#answerTo(entry)?.atMs : undefined;
    const values = {
      credits: credits(hold.amountCenti),
      span: answeredMs === undefined ? deadline(hold) : span(answeredMs - entry.atMs),
    };
    const text = part(chip, "hold-text");
    sayInto(text, this.texts, textOf(entry, hold, answeredMs), values);
    if (hold.dispute?.decision) text.append(quote(hold.dispute.decision));
  }

  #answerTo(entry: RowEntry): RowEntry | undefined {
    return this.rows.all.find((other) => other.isMine !== entry.isMine && other.n > entry.n && other.seenN >= entry.n);
  }

  #showNearest(): void {
    const open = [...this.#holds].filter(([entry, hold]) => !entry.isMine && hold.state === "open" && !isOver(hold));
    const first = open.map(([, hold]) => hold).sort((a, b) => a.expiresMs - b.expiresMs)[0];
    this.nearest(first ? deadline(first) : null);
  }
}

const isOver = (hold: Hold): boolean => hold.expiresMs <= Date.now();

function textOf(entry: RowEntry, hold: Hold, answeredMs: number | undefined): string {
  const side = entry.isMine ? "mine" : "theirs";
  if (hold.state === "open") return `hold_${isOver(hold) ? "over" : "open"}_${side}`;
  if (WAITING.has(hold.state)) return `${hold.state}_${side}`;
  if (hold.state === "hold_refunded" && hold.reason) return `${hold.state}_${hold.reason}_${side}`;
  if (hold.dispute?.state === "rejected") return `${hold.state}_rejected`;
  return answeredMs === undefined ? hold.state : `${hold.state}_in`;
}

/** What staff wrote to both. */
function quote(words: string): HTMLElement {
  const element = document.createElement("q");
  element.className = "hold-decision";
  element.dir = "auto";
  element.textContent = words;
  return element;
}

/** How long there is still, and until when exactly. */
function deadline(hold: Hold): Node {
  const time = document.createElement("time");
  time.dateTime = new Date(hold.expiresMs).toISOString();
  time.title = momentOf(hold.expiresMs);
  time.textContent = span(hold.expiresMs - Date.now());
  return time;
}
