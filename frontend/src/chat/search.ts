// Search in what this device has opened. It never leaves the page: the server has no words, and nothing is stored.
import { say } from "../texts";
import type { Shown } from "./conversation";
import { findIn, fold } from "./fold";
import { Pace } from "./pace";
import type { ChatPage, Feature } from "./page";
import { part } from "./parts";
import type { RowEntry } from "./rows";

const AFTER_KEY_MS = 120;
const ALL = "chat-found";
const HERE = "chat-here";

class Search implements Feature {
  readonly #bar: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #opener: HTMLButtonElement;
  /** Folded texts by message; a text that changed is folded anew. */
  readonly #folded = new Map<string, { text: string; folded: string }>();
  #found: RowEntry[] = [];
  #at: RowEntry | null = null;
  #run = 0;
  #timer = 0;

  constructor(private readonly page: ChatPage) {
    this.#bar = part(page.root, "search");
    this.#input = part<HTMLInputElement>(this.#bar, "search-input");
    this.#opener = part<HTMLButtonElement>(page.root, "search-open");
    this.#opener.hidden = false;
    this.#opener.addEventListener("click", () => (this.#bar.hidden ? this.#open() : this.#close()));
    part(this.#bar, "search-close").addEventListener("click", () => this.#close());
    part(this.#bar, "search-older").addEventListener("click", () => this.#step(-1));
    part(this.#bar, "search-newer").addEventListener("click", () => this.#step(1));
    part(this.#bar, "search-back").addEventListener("click", () => void this.#lookBack());
    this.#input.addEventListener("input", () => this.#soon());
    this.#bar.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("keydown", (event) => this.#slash(event));
  }

  /** A message came, or changed, while one searches. */
  drawn(_: RowEntry, shown: Shown): void {
    if (this.#folded.get(shown.id)?.text !== shown.text) this.#folded.delete(shown.id);
    if (!this.#bar.hidden && this.#query !== "") this.#soon();
  }

  get #query(): string {
    return fold(this.#input.value.trim());
  }

  #open(): void {
    this.#bar.hidden = false;
    this.#opener.setAttribute("aria-expanded", "true");
    this.#input.focus();
    this.#input.select();
    void this.#search(true);
  }

  #close(): void {
    this.#bar.hidden = true;
    this.#opener.setAttribute("aria-expanded", "false");
    this.page.back.stop();
    this.#run++;
    this.#found = [];
    this.#at = null;
    this.#paint();
    this.#opener.focus();
  }

  /** As elsewhere on the web: a slash outside of fields. Ctrl+F stays the browser's. */
  #slash(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select, dialog, [popover]")) return;
    event.preventDefault();
    this.#open();
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Escape") this.#close();
    else if (event.key === "Enter" && event.target === this.#input) this.#step(event.shiftKey ? 1 : -1);
    else return;
    event.preventDefault();
  }

  #soon(): void {
    clearTimeout(this.#timer);
    const isNew = this.#at === null;
    this.#timer = window.setTimeout(() => void this.#search(isNew || document.activeElement === this.#input), AFTER_KEY_MS);
  }

  /** Find anew. `goes`: to the newest that is found, unless the one that is shown is still among them. */
  async #search(goes: boolean): Promise<void> {
    const run = ++this.#run;
    const query = this.#query;
    const found: RowEntry[] = [];
    const pace = new Pace();
    if (query !== "") {
      for (const entry of [...this.page.rows.all]) {
        if (this.#textOf(entry).includes(query)) found.push(entry);
        await pace.rest();
        if (run !== this.#run) return;
      }
    }
    this.#found = found;
    if (!this.#at || !found.includes(this.#at)) {
      this.#at = goes ? (found.at(-1) ?? null) : null;
      if (this.#at) this.page.scroll.toRow(this.#at.element, false);
    }
    this.#paint();
  }

  #textOf(entry: RowEntry): string {
    const text = this.page.shown(entry.id)?.text ?? "";
    const known = this.#folded.get(entry.id);
    if (known?.text === text) return known.folded;
    const folded = fold(text);
    this.#folded.set(entry.id, { text, folded });
    return folded;
  }

  #step(step: 1 | -1): void {
    const at = this.#at ? this.#found.indexOf(this.#at) : this.#found.length;
    const next = this.#found[at + step];
    if (!next) {
      if (step < 0 && this.page.chat.hasOlder) part(this.#bar, "search-back").focus();
      return;
    }
    this.#at = next;
    this.page.scroll.toRow(next.element, false);
    this.#paint();
  }

  async #lookBack(): Promise<void> {
    this.#input.focus();
    await this.page.back.until(() => this.#bar.hidden);
    await this.#search(this.#at === null);
  }

  #paint(): void {
    const { texts, chat } = this.page;
    const isAsked = this.#query !== "" && !this.#bar.hidden;
    const at = this.#at ? this.#found.indexOf(this.#at) + 1 : 0;
    const name = this.#found.length === 0 ? "found_none" : "found";
    part(this.#bar, "search-count").textContent = isAsked ? say(texts, name, { at, n: this.#found.length }) : "";
    part<HTMLButtonElement>(this.#bar, "search-older").disabled = at <= 1 && !(at === 0 && this.#found.length > 0);
    part<HTMLButtonElement>(this.#bar, "search-newer").disabled = at === 0 || at === this.#found.length;
    part(this.#bar, "search-back").hidden = !chat.hasOlder;
    part(this.#bar, "search-scope").textContent = say(texts, chat.hasOlder ? "searched_some" : "searched_all", { n: this.page.rows.all.length });
    void this.#highlight(isAsked ? this.#query : "", this.#run);
  }

  /** CSS Custom Highlight API: the words are coloured, the document stays as it is. */
  async #highlight(query: string, run: number): Promise<void> {
    if (!("highlights" in CSS)) return;
    const [all, here] = [new Highlight(), new Highlight()];
    const [pace, found] = [new Pace(), query === "" ? [] : this.#found];
    for (const entry of found) {
      await pace.rest();
      if (run !== this.#run) return;
      const node = part(entry.element, "text").firstChild;
      if (!node) continue;
      for (const [from, to] of findIn(node.textContent ?? "", query)) {
        const range = new StaticRange({ startContainer: node, startOffset: from, endContainer: node, endOffset: to });
        (entry === this.#at ? here : all).add(range);
      }
    }
    CSS.highlights.set(ALL, all);
    CSS.highlights.set(HERE, here);
  }
}

export const makeSearch = (page: ChatPage): Feature => new Search(page);
