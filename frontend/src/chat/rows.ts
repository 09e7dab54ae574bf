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
  day: string;
  /** By the same person shortly after the one before, or before the one after. */
  isContinued: boolean;
  isFollowed: boolean;
}

/** A line of the log that is nobody's message. */
export interface Note {
  atMs: number;
  icon: string;
  text: string;
  kind: string;
}

const TOGETHER_WITHIN_MS = 5 * 60_000;
const TICKS: Record<Status, string> = {
  sending: "clock", waiting: "clock", sent: "check", delivered: "checks", read: "checks", failed: "alert",
};

export class Rows {
  #byId = new Map<string, RowEntry>();
  #ordered: RowEntry[] = [];
  #days = new Map<string, HTMLElement>();
  #daysAsOf = "";
  #divider: HTMLElement | null = null;
  #newFrom: RowEntry | null = null;
  #notes = new Map<string, { atMs: number; element: HTMLElement }>();

  constructor(
    private readonly list: HTMLElement,
    private readonly template: HTMLTemplateElement,
    private readonly noteTemplate: HTMLTemplateElement,
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
    const entry: RowEntry = { id, element, isMine, n: Infinity, seenN: 0, atMs: Date.now(), day: dayKey(Date.now()), isContinued: false, isFollowed: false };
    element.dataset["mine"] = String(isMine);
    element.dataset["id"] = id;
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
    entry.day = dayKey(ms);
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
      const status = entry.element.dataset["status"];
      if (status === "read") continue;
      if (entry.n <= readN) this.setStatus(entry, "read");
      else if (entry.n <= deliveredN && status !== "delivered") this.setStatus(entry, "delivered");
    }
  }

  /** A line at its time, between the messages; `arrange` draws it once there is a message before it. */
  note(key: string, { atMs, icon, text, kind }: Note): void {
    const element = this.#notes.get(key)?.element ?? (this.noteTemplate.content.firstElementChild as HTMLElement).cloneNode(true) as HTMLElement;
    element.dataset["note"] = kind;
    draw(part<SVGElement>(element, "note-icon"), icon);
    part(element, "note-text").textContent = text;
    const time = part<HTMLTimeElement>(element, "note-time");
    time.dateTime = new Date(atMs).toISOString();
    time.textContent = timeOf(atMs);
    time.title = momentOf(atMs);
    this.#notes.set(key, { atMs, element });
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
    const notes = this.#notesSince(this.#ordered[0]?.atMs ?? Infinity);
    const today = dayKey(Date.now());
    if (this.#daysAsOf !== today) this.#days.clear();
    this.#daysAsOf = today;
    this.#ordered.forEach((entry, i) => {
      const before = this.#ordered[i - 1];
      while (notes[0] && entry.n !== Infinity && notes[0].atMs < entry.atMs) wanted.push(notes.shift()!.element);
      const key = entry.day;
      if (!days.has(key)) {
        const label = this.#day(key, entry.atMs);
        days.set(key, label);
        wanted.push(label);
      }
      if (entry === this.#newFrom) wanted.push(this.#dividerRow());
      const isContinued = before !== undefined && entry !== this.#newFrom && belong(before, entry);
      mark(entry, "isContinued", isContinued);
      if (before) mark(before, "isFollowed", isContinued);
      wanted.push(entry.element);
    });
    wanted.push(...notes.map(({ element }) => element));
    const last = this.#ordered.at(-1);
    if (last) mark(last, "isFollowed", false);
    this.#days = days;
    this.#lay(wanted);
  }

  #notesSince(ms: number): { atMs: number; element: HTMLElement }[] {
    return [...this.#notes.values()].filter(({ atMs }) => atMs >= ms).sort((a, b) => a.atMs - b.atMs);
  }

  /** Make the list's children `wanted`, touching only what moved. */
  #lay(wanted: HTMLElement[]): void {
    const kept = new Set<Element>(wanted);
    for (const element of [...this.list.children]) if (!kept.has(element)) element.remove();
    let there = this.list.firstElementChild;
    for (const element of wanted) {
      if (there === element) there = there.nextElementSibling;
      else this.list.insertBefore(element, there);
    }
  }

  #day(key: string, ms: number): HTMLElement {
    const known = this.#days.get(key);
    if (known) return known;
    const row = separator("day");
    (row.firstElementChild as HTMLElement).textContent = dayLabel(ms, this.texts);
    return row;
  }

  #dividerRow(): HTMLElement {
    this.#divider ??= separator("new-divider");
    (this.#divider.firstElementChild as HTMLElement).textContent = say(this.texts, "new");
    return this.#divider;
  }
}

const CLASSES = { isContinued: "is-continued", isFollowed: "is-followed" } as const;

/** Only what changes is touched: there may be thousands. */
function mark(entry: RowEntry, what: keyof typeof CLASSES, is: boolean): void {
  if (entry[what] === is) return;
  entry[what] = is;
  entry.element.classList.toggle(CLASSES[what], is);
}

function separator(look: string): HTMLElement {
  const row = document.createElement("li");
  row.className = look;
  row.append(document.createElement("span"));
  return row;
}

function belong(a: RowEntry, b: RowEntry): boolean {
  return a.isMine === b.isMine && b.atMs - a.atMs < TOGETHER_WITHIN_MS && a.day === b.day;
}
