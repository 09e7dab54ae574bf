// The rows of the log: their order, what belongs together, the days between them, the line above what is new.
import { say, type Texts } from "../texts";
import { dayKey, dayLabel, momentOf, timeOf } from "./days";
import { draw, part } from "./parts";

export type Status = "sending" | "waiting" | "sent" | "delivered" | "read" | "failed";

/** One message on the page. `n` is Infinity until the server has numbered it. */
export interface RowEntry {
  readonly id: string;
  readonly element: HTMLElement;
  isMine: boolean;
  n: number;
  seenN: number;
  atMs: number;
}

const TOGETHER_WITHIN_MS = 5 * 60_000;
const TICKS: Record<Status, string> = {
  sending: "clock", waiting: "clock", sent: "check", delivered: "checks", read: "checks", failed: "alert",
};

export class Rows {
  #byId = new Map<string, RowEntry>();
  #ordered: RowEntry[] = [];
  #days = new Map<string, HTMLElement>();
  #divider: HTMLElement | null = null;
  #newFrom: RowEntry | null = null;

  constructor(
    private readonly list: HTMLElement,
    private readonly template: HTMLTemplateElement,
    private readonly texts: Texts,
    private readonly peerName: string,
  ) {}

  get all(): readonly RowEntry[] {
    return this.#ordered;
  }

  find(id: string): RowEntry | undefined {
    return this.#byId.get(id);
  }

  /** The row of a message, made if it is not there; `arrange` gives it its place. */
  take(id: string, isMine: boolean): RowEntry {
    const known = this.#byId.get(id);
    if (known) return known;
    const element = (this.template.content.firstElementChild as HTMLElement).cloneNode(true) as HTMLElement;
    const entry: RowEntry = { id, element, isMine, n: Infinity, seenN: 0, atMs: Date.now() };
    element.dataset["mine"] = String(isMine);
    part(element, "author").textContent = isMine ? say(this.texts, "you") : this.peerName;
    this.#byId.set(id, entry);
    this.#ordered.push(entry);
    return entry;
  }

  remove(entry: RowEntry): void {
    this.#byId.delete(entry.id);
    this.#ordered = this.#ordered.filter((other) => other !== entry);
    entry.element.remove();
    this.arrange();
  }

  setText(entry: RowEntry, text: string, isUnverified = false): void {
    part(entry.element, "text").textContent = text;
    entry.element.classList.toggle("is-unverified", isUnverified);
  }

  setTime(entry: RowEntry, ms: number): void {
    entry.atMs = ms;
    const time = part<HTMLTimeElement>(entry.element, "time");
    time.dateTime = new Date(ms).toISOString();
    time.textContent = timeOf(ms);
    time.title = momentOf(ms);
  }

  setStatus(entry: RowEntry, status: Status): void {
    entry.element.dataset["status"] = status;
    entry.element.classList.toggle("is-failed", status === "failed");
    const tick = part(entry.element, "tick");
    tick.hidden = false;
    draw(part<SVGElement>(tick, "tick-icon"), TICKS[status]);
    part(tick, "status").textContent = say(this.texts, `status_${status}`);
  }

  /** The other one has received or read up to these numbers; marks never go back. */
  mark(readN: number, deliveredN: number): void {
    for (const entry of this.#ordered) {
      if (!entry.isMine || entry.n === Infinity) continue;
      if (entry.n <= readN) this.setStatus(entry, "read");
      else if (entry.n <= deliveredN && entry.element.dataset["status"] !== "read") this.setStatus(entry, "delivered");
    }
  }

  /** Draw the line "New" above this row, or nowhere. */
  divide(from: RowEntry | null): void {
    this.#newFrom = from;
    this.arrange();
  }

  get divider(): HTMLElement | null {
    return this.#newFrom && this.#divider;
  }

  /** Put everything in its place: rows by number, those on their way last, days and the line between them. */
  arrange(): void {
    this.#ordered.sort((a, b) => (a.n === b.n ? 0 : a.n - b.n));
    const wanted: HTMLElement[] = [];
    const days = new Map<string, HTMLElement>();
    this.#ordered.forEach((entry, i) => {
      const before = this.#ordered[i - 1];
      const key = dayKey(entry.atMs);
      if (!days.has(key)) {
        const label = this.#day(key, entry.atMs);
        days.set(key, label);
        wanted.push(label);
      }
      if (entry === this.#newFrom) wanted.push(this.#dividerRow());
      const isContinued = before !== undefined && entry !== this.#newFrom && belong(before, entry);
      entry.element.classList.toggle("is-continued", isContinued);
      before?.element.classList.toggle("is-followed", isContinued);
      wanted.push(entry.element);
    });
    this.#ordered.at(-1)?.element.classList.remove("is-followed");
    this.#days = days;
    this.#lay(wanted);
  }

  /** Make the list's children `wanted`, touching only what moved. */
  #lay(wanted: HTMLElement[]): void {
    wanted.forEach((element, i) => {
      const there = this.list.children[i];
      if (there !== element) this.list.insertBefore(element, there ?? null);
    });
    while (this.list.children.length > wanted.length) this.list.lastElementChild?.remove();
  }

  #day(key: string, ms: number): HTMLElement {
    const row = this.#days.get(key) ?? separator("day");
    const label = row.firstElementChild as HTMLElement;
    label.textContent = dayLabel(ms, this.texts);
    return row;
  }

  #dividerRow(): HTMLElement {
    this.#divider ??= separator("new-divider");
    (this.#divider.firstElementChild as HTMLElement).textContent = say(this.texts, "new");
    return this.#divider;
  }
}

function separator(look: string): HTMLElement {
  const row = document.createElement("li");
  row.className = look;
  row.append(document.createElement("span"));
  return row;
}

function belong(a: RowEntry, b: RowEntry): boolean {
  return a.isMine === b.isMine && b.atMs - a.atMs < TOGETHER_WITHIN_MS && dayKey(a.atMs) === dayKey(b.atMs);
}
