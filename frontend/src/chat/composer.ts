// Where messages are written: grows with the text, says what sending costs and how far the balance goes.
import { credits, say, sayInto, type Texts } from "../texts";
import type { Drafts } from "./drafts";
import { part } from "./parts";

const COUNT_FROM = 500; // characters left
const WARN_BELOW = 4; // messages that the balance covers

export class Composer {
  /** Who may take what was written, "" included, instead of it being sent as it is. Whoever says so clears the box. */
  readonly takers: ((text: string) => boolean)[] = [];
  readonly #text: HTMLTextAreaElement;
  readonly #button: HTMLButtonElement;
  readonly #isTouch = matchMedia("(hover: none) and (pointer: coarse)").matches;
  #priceCenti = 0;
  #balanceCenti = 0;
  #isSaving = false;

  constructor(
    private readonly form: HTMLFormElement,
    private readonly texts: Texts,
    private readonly drafts: Drafts,
    private readonly send: (text: string) => void,
  ) {
    this.#text = part<HTMLTextAreaElement>(form, "text-input");
    this.#button = part<HTMLButtonElement>(form, "send");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    this.#text.addEventListener("input", () => this.#changed());
    this.#text.value = drafts.draft;
    this.#changed();
  }

  enable(): void {
    this.#text.disabled = false;
    this.#button.disabled = false;
  }

  focus(): void {
    this.#text.focus();
  }

  /** What is being written. */
  get text(): string {
    return this.#text.value;
  }

  clear(): void {
    this.#text.value = "";
    this.#changed();
  }

  /** Another text in the box, the cursor at its end. */
  fill(text: string): void {
    this.#text.value = text;
    this.#text.setSelectionRange(text.length, text.length);
    this.#changed();
  }

  /** What is written replaces a message and costs nothing. */
  set isSaving(isSaving: boolean) {
    this.#isSaving = isSaving;
    part(this.form, "send-word").textContent = say(this.texts, isSaving ? "save" : "send");
    this.#showPrice();
  }

  /** A text comes back to its writer, before what is being written. */
  put(text: string): void {
    if (text) this.#text.value = this.#text.value.trim() ? `${text}\n${this.#text.value}` : text;
    this.#changed();
    this.focus();
  }

  set price(centi: number) {
    this.#priceCenti = centi;
    part(this.form, "send-credits").textContent = credits(centi);
    this.#showPrice();
  }

  set balance(centi: number) {
    this.#balanceCenti = centi;
    this.#showHint();
  }

  #showPrice(): void {
    part(this.form, "send-price").hidden = this.#isSaving || this.#priceCenti === 0;
    this.#showHint();
  }

  /** Enter sends, Shift+Enter breaks the line; on a touch keyboard Enter breaks it. */
  #key(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || this.#isTouch) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  #submit(): void {
    const text = this.#text.value.trim();
    if (this.#text.disabled || this.takers.some((take) => take(text)) || !text) return;
    this.send(this.take());
    this.focus();
  }

  /** What was written, and an empty box. */
  take(): string {
    const text = this.#text.value.trim();
    this.#text.value = "";
    this.#changed();
    return text;
  }

  #changed(): void {
    this.drafts.draft = this.#text.value;
    this.#grow();
    const left = this.#text.maxLength - this.#text.value.length;
    const counter = part(this.form, "counter");
    counter.hidden = left > COUNT_FROM;
    if (!counter.hidden) counter.textContent = say(this.texts, "characters_left", { n: left });
  }

  /** For browsers without `field-sizing`. */
  #grow(): void {
    if (CSS.supports("field-sizing", "content")) return;
    this.#text.style.blockSize = "auto";
    this.#text.style.blockSize = `${this.#text.scrollHeight + 2}px`;
  }

  /** How many messages the balance still covers, when these are few. */
  #showHint(): void {
    const covers = this.#priceCenti > 0 && !this.#isSaving ? Math.floor(this.#balanceCenti / this.#priceCenti) : Infinity;
    const hint = part(this.form, "hint");
    hint.hidden = covers >= WARN_BELOW;
    hint.classList.toggle("is-short", covers === 0);
    part(this.form, "help").hidden = !hint.hidden || this.#isSaving || this.#priceCenti === 0;
    if (hint.hidden) return;
    const values = { price: credits(this.#priceCenti), balance: credits(this.#balanceCenti) };
    sayInto(part(hint, "hint-text"), this.texts, `covers_${covers}`, values);
  }
}
