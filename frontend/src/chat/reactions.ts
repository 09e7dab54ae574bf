// Reactions: one for a person and a message, the latest counts, "" takes it back.
import { say } from "../texts";
import { REACTION } from "./changes";
import type { Shown } from "./conversation";
import { snippet } from "./words";
import type { ChatPage, Feature, MenuDoor } from "./page";
import { part } from "./parts";
import type { RowEntry } from "./rows";

const QUICK = ["❤️", "😂", "😮", "😢", "👍", "🙏"];
const MORE = [
  "🔥", "🎉", "👏", "😍", "🥰", "😊", "😁", "🤔", "😅", "😭", "😡", "🙄",
  "👀", "💯", "✨", "🙌", "💪", "👌", "🤝", "🌹", "☕", "🎶", "📷", "👎",
];
const LONGEST = 32; // code units: of flags and families, not of a text that poses as one

const isEmoji = (text: string): boolean =>
  text.length <= LONGEST && /^[\p{Extended_Pictographic}\p{Regional_Indicator}\d#*]/u.test(text) && !/[\p{L}\s]/u.test(text);

class Reactions implements Feature {
  #isLiveAfter = Infinity;

  constructor(private readonly page: ChatPage) {}

  opened(): void {
    this.#isLiveAfter = this.page.chat.n;
  }

  drawn(entry: RowEntry, shown: Shown): void {
    const line = part(entry.element, "reactions");
    const found = shown.isErased ? [] : this.#of(shown.id);
    line.hidden = found.length === 0;
    entry.element.classList.toggle("has-reactions", !line.hidden);
    line.replaceChildren(...found.map(([emoji, who]) => this.#chip(shown, emoji, who)));
  }

  applied(shown: Shown): void {
    const target = shown.target === null ? undefined : this.page.shown(shown.target);
    if (shown.kind !== REACTION || shown.isMine || shown.n <= this.#isLiveAfter || !shown.text || !target?.text) return;
    if (!isEmoji(shown.text)) return;
    const values = { name: this.page.peerName, emoji: shown.text, text: snippet(target.text) };
    this.page.notices.announce(say(this.page.texts, "reacted", values));
  }

  menuHead(_: RowEntry, shown: Shown, door: MenuDoor): Element | null {
    if (shown.text === null) return null;
    const head = (part<HTMLTemplateElement>(this.page.root, "menu-reactions").content.firstElementChild as HTMLElement).cloneNode(true) as HTMLElement;
    const [row, grid, more] = [part(head, "reaction-row"), part(head, "reaction-grid"), part<HTMLButtonElement>(head, "reaction-more")];
    row.prepend(...QUICK.map((emoji) => this.#choice(shown, emoji, door)));
    more.addEventListener("click", () => {
      grid.append(...MORE.map((emoji) => this.#choice(shown, emoji, door)));
      grid.hidden = false;
      more.remove();
      door.place();
      grid.querySelector("button")?.focus();
    });
    return head;
  }

  /** What stands below a message, and whose it is. */
  #of(id: string): [string, boolean[]][] {
    const found = new Map<string, boolean[]>();
    for (const isMine of [false, true]) {
      const emoji = this.page.changes.reaction(id, isMine);
      if (isEmoji(emoji)) found.set(emoji, [...(found.get(emoji) ?? []), isMine]);
    }
    return [...found];
  }

  #chip(shown: Shown, emoji: string, who: boolean[]): HTMLElement {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.className = "reaction";
    chip.textContent = who.length > 1 ? `${emoji} ${who.length}` : emoji;
    const names = who.map((isMine) => (isMine ? say(this.page.texts, "you") : this.page.peerName)).join(", ");
    chip.title = names;
    chip.setAttribute("aria-label", say(this.page.texts, "reaction_of", { emoji, names }));
    chip.setAttribute("aria-pressed", String(who.includes(true)));
    chip.addEventListener("click", () => {
      this.#toggle(shown, emoji);
      part(this.page.root, "log").querySelector<HTMLElement>(`[data-id="${shown.id}"] .reaction, [data-id="${shown.id}"] .bubble-more`)?.focus();
    });
    return chip;
  }

  #choice(shown: Shown, emoji: string, door: MenuDoor): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = emoji;
    button.setAttribute("role", "menuitemradio");
    button.setAttribute("aria-checked", String(this.page.changes.reaction(shown.id, true) === emoji));
    button.setAttribute("aria-label", say(this.page.texts, "react_with", { emoji }));
    button.addEventListener("click", () => {
      door.close();
      this.#toggle(shown, emoji);
    });
    return button;
  }

  #toggle(shown: Shown, emoji: string): void {
    const text = this.page.changes.reaction(shown.id, true) === emoji ? "" : emoji;
    this.page.send(this.page.chat.begin({ kind: REACTION, body: { t: "reaction", text }, target: shown.id }));
  }
}

export const makeReactions = (page: ChatPage): Feature => new Reactions(page);
