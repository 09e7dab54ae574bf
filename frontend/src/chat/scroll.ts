// The reader's place in the log: it follows at the end, and stays where the reader is in the history.
import { say, type Texts } from "../texts";
import { part } from "./parts";

const AT_END_PX = 40;
const NEAR_TOP_PX = 400;
const POINTED_MS = 2_000;

export class Scroll {
  #isAtEnd = true;
  #hasBegun = false;
  #lastTop = 0;
  #unseen = 0;

  /** `top` is called when the reader comes near the oldest row. */
  constructor(
    private readonly log: HTMLElement,
    private readonly jump: HTMLButtonElement,
    private readonly texts: Texts,
    private readonly top: () => void,
  ) {
    log.addEventListener("scroll", () => this.#look(), { passive: true });
    jump.addEventListener("click", () => this.toEnd("smooth"));
    const keep = new ResizeObserver(() => this.#isAtEnd && this.toEnd());
    keep.observe(log);
    for (const child of log.children) keep.observe(child);
  }

  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  /** The place to begin: the line above what is new, else the end. */
  begin(divider: HTMLElement | null): void {
    if (divider) this.log.scrollTop = divider.offsetTop - this.log.offsetTop - 16;
    else this.toEnd();
    this.#isAtEnd = this.#below <= AT_END_PX;
    this.#hasBegun = true;
    this.#look();
  }

  toEnd(behavior: ScrollBehavior = "instant"): void {
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.log.scrollTo({ top: this.log.scrollHeight, behavior: isCalm ? "instant" : behavior });
    if (behavior === "instant") this.#isAtEnd = true;
  }

  /** Bring a row to the middle. `marks`: also point at it, for the eye and for who listens. */
  toRow(row: HTMLElement, marks = true): void {
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    row.scrollIntoView({ block: "center", behavior: marks && !isCalm ? "smooth" : "instant" });
    this.#isAtEnd = false;
    if (!marks) return;
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.classList.add("is-pointed-at");
    setTimeout(() => row.classList.remove("is-pointed-at"), POINTED_MS);
  }

  /** A message of the other one has come. */
  count(): void {
    if (!this.#isAtEnd) this.#unseen += 1;
    this.#look();
  }

  /** Add rows above without moving what is read. */
  holdPlace(add: () => void): void {
    const fromEnd = this.log.scrollHeight - this.log.scrollTop;
    add();
    this.log.scrollTop = this.log.scrollHeight - fromEnd;
  }

  get #below(): number {
    return this.log.scrollHeight - this.log.clientHeight - this.log.scrollTop;
  }

  /** Only who scrolls up leaves the end: rows that grow and windows that shrink do not move the reader. */
  #look(): void {
    const below = this.#below;
    if (below <= AT_END_PX) this.#isAtEnd = true;
    else if (this.log.scrollTop < this.#lastTop) this.#isAtEnd = false;
    this.#lastTop = this.log.scrollTop;
    if (this.#isAtEnd) this.#unseen = 0;
    this.#showJump(below);
    // While the first rows are drawn, a few at a time, all of them are near the top.
    if (this.#hasBegun && this.log.scrollTop < NEAR_TOP_PX) this.top();
  }

  #showJump(below: number): void {
    this.jump.hidden = this.#isAtEnd || (this.#unseen === 0 && below < this.log.clientHeight);
    const count = part(this.jump, "jump-count");
    count.hidden = this.#unseen === 0;
    count.textContent = String(this.#unseen);
    part(this.jump, "jump-text").textContent = say(this.texts, this.#unseen > 0 ? "jump_new" : "jump", { n: this.#unseen });
  }
}
