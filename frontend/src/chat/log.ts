// What is in the log: messages that were there, that arrive, that are fetched from further back.
import { say, type Texts } from "../texts";
import type { Shown } from "./conversation";
import type { Holds } from "./holds";
import type { Notices } from "./notices";
import { part } from "./parts";
import type { Reading } from "./reading";
import type { RowEntry, Rows } from "./rows";
import type { Scroll } from "./scroll";
import { settled } from "./sends";

export interface LogPage {
  root: HTMLElement;
  texts: Texts;
  peerName: string;
  rows: Rows;
  holds: Holds;
  scroll: Scroll;
  reading: Reading;
  notices: Notices;
  /** A message of mine is in the conversation. */
  settle(id: string): void;
}

export class MessageLog {
  constructor(private readonly page: LogPage) {}

  /** The newest page; begins at the line above what is new. */
  open(shown: Shown[]): void {
    this.loaded();
    const entries = shown.map((one) => this.#take(one));
    const firstNew = entries.find((entry, i) => entry && !entry.isMine && !shown[i]?.row.read_at);
    this.page.rows.divide(firstNew ?? null);
    this.page.holds.showAll();
    this.showEmpty();
    this.page.scroll.begin(this.page.rows.divider);
  }

  /** Nothing is awaited any more, whether it came or not. */
  loaded(): void {
    part(this.page.root, "skeleton").hidden = true;
    part(this.page.root, "log").setAttribute("aria-busy", "false");
  }

  /** Messages that were written while somebody looks. */
  add(shown: Shown[]): void {
    for (const one of shown) {
      const entry = this.#take(one);
      if (!entry) continue;
      this.page.holds.release(entry);
      if (one.isMine) this.page.rows.divide(null);
      else this.#arrived(entry, one);
    }
    this.page.rows.arrange();
    this.page.holds.showAll();
    this.showEmpty();
  }

  addOlder(shown: Shown[]): void {
    this.page.scroll.holdPlace(() => {
      for (const one of shown) this.#take(one);
      this.page.rows.arrange();
      this.page.holds.showAll();
      this.showOlder(false);
    });
  }

  showOlder(isLoading: boolean): void {
    part(this.page.root, "older").hidden = !isLoading;
  }

  showEmpty(): void {
    part(this.page.root, "empty").hidden = this.page.rows.all.length > 0;
  }

  #take(shown: Shown): RowEntry | null {
    if (shown.kind !== 1 && shown.kind !== 5) return null;
    const { rows, texts } = this.page;
    const entry = rows.take(shown.id, shown.isMine);
    entry.n = shown.n;
    entry.seenN = shown.kind === 1 ? shown.seenN : 0;
    const text = shown.isErased ? say(texts, "erased") : (shown.text ?? say(texts, "cannot_verify"));
    rows.setText(entry, text, shown.problem !== null);
    rows.setTime(entry, shown.recvMs);
    this.page.holds.set(entry, shown.row);
    if (shown.isMine) this.#takeMine(entry, shown);
    else this.page.reading.watch(entry);
    return entry;
  }

  #takeMine(entry: RowEntry, { id, row }: Shown): void {
    this.page.rows.setStatus(entry, row.read_at ? "read" : row.delivered ? "delivered" : "sent");
    settled(entry);
    this.page.settle(id);
  }

  #arrived(entry: RowEntry, shown: Shown): void {
    const { rows, scroll } = this.page;
    const isAway = document.visibilityState !== "visible" || !scroll.isAtEnd;
    if (isAway && !rows.divider) rows.divide(entry);
    rows.arrange();
    scroll.count();
    if (shown.text) this.page.notices.announce(`${this.page.peerName}: ${shown.text}`);
  }
}
