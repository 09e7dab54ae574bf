// Who is typing: told while the text changes, at most every few seconds; shown until it stops or the message is here.
import type { Frame } from "../socket";
import type { Shown } from "./conversation";
import type { ChatPage, Feature } from "./page";
import { part } from "./parts";
import type { RowEntry } from "./rows";

const TELL_EVERY_MS = 4_000;
const SHOWN_MS = 6_000;

class Typing implements Feature {
  #toldAt = -Infinity;
  #timer = 0;
  #newestN = 0;

  constructor(private readonly page: ChatPage) {
    part(page.root, "text-input").addEventListener("input", () => this.#tell());
  }

  opened(): void {
    this.#newestN = this.page.chat.n;
  }

  frame(frame: Frame): void {
    if (frame.type === "typing" && frame["user_id"] === this.page.peer) this.#show(true);
    if (frame.type === "local.offline") this.#show(false);
  }

  drawn(_: RowEntry, shown: Shown): void {
    if (shown.isMine || shown.n <= this.#newestN) return;
    this.#newestN = shown.n;
    this.#show(false);
  }

  sending(): void {
    this.#toldAt = -Infinity;
  }

  #tell(): void {
    const now = performance.now();
    if (this.page.composer.text === "" || now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    this.page.socket.tell({ type: "typing", to: this.page.peer });
  }

  #show(isTyping: boolean): void {
    clearTimeout(this.#timer);
    for (const name of ["typing", "typing-dots"]) part(this.page.root, name).hidden = !isTyping;
    if (isTyping) this.#timer = window.setTimeout(() => this.#show(false), SHOWN_MS);
  }
}

export const makeTyping = (page: ChatPage): Feature => new Typing(page);
