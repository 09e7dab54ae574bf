// Receipts: a message is read when it has been on a visible screen, delivered when this page has it.
import type { RowEntry } from "./rows";

const GATHER_MS = 150;

export class Reading {
  #entries = new Map<Element, RowEntry>();
  #readN = 0;
  #deliveredN = 0;
  #told = "";
  #timer = 0;
  #hasBegun = false;
  readonly #observer: IntersectionObserver;

  constructor(log: HTMLElement, private readonly tell: (marks: { read_n?: number; delivered_n?: number }) => void) {
    this.#observer = new IntersectionObserver((seen) => this.#see(seen), { root: log });
    document.addEventListener("visibilitychange", () => this.#soon());
  }

  /** A row of the other one's. */
  watch(entry: RowEntry): void {
    this.#deliveredN = Math.max(this.#deliveredN, entry.n);
    this.#entries.set(entry.element, entry);
    if (this.#hasBegun) this.#observer.observe(entry.element);
    this.#soon();
  }

  /** The reader is where they begin to read: what passed the screen while the log was drawn was not read. */
  begin(): void {
    this.#hasBegun = true;
    for (const element of this.#entries.keys()) this.#observer.observe(element);
  }

  /** After a reconnect: what was told may not have arrived. */
  again(): void {
    this.#told = "";
    this.#soon();
  }

  #see(seen: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of seen) {
      const entry = this.#entries.get(target);
      if (!isIntersecting || !entry) continue;
      this.#readN = Math.max(this.#readN, entry.n);
      this.#observer.unobserve(target);
      this.#entries.delete(target);
    }
    this.#soon();
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#flush(), GATHER_MS);
  }

  #flush(): void {
    const readN = document.visibilityState === "visible" ? this.#readN : 0;
    const marks = {
      ...(readN > 0 && { read_n: readN }),
      ...(this.#deliveredN > readN && { delivered_n: this.#deliveredN }),
    };
    const said = JSON.stringify(marks);
    if (said === this.#told || said === "{}") return;
    this.#told = said;
    this.tell(marks);
  }
}
