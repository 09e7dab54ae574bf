// What is in the log: messages that were there, that arrive, that are fetched from further back.
import { say, type Texts } from "../texts";
import type { Changes } from "./changes";
import type { Shown } from "./conversation";
import type { Holds } from "./holds";
import type { Notices } from "./notices";
import { Pace } from "./pace";
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
  changes: Changes;
  shown(id: string): Shown | undefined;
  /** A message of mine is in the conversation. */
  settle(id: string): void;
  /** A message was drawn. */
  drew(entry: RowEntry, shown: Shown): void;
  /** An edit, a deletion or a reaction came. */
  apply(shown: Shown): void;
}

export class MessageLog {
  constructor(private readonly page: LogPage) {}

  /** What is there at first, the newest page or more; begins at the line above what is new. */
  async open(shown: Shown[]): Promise<void> {
    this.loaded();
    await this.addOlder(shown);
    const firstNew = shown.find((one) => !one.isMine && !one.row.read_at && this.page.rows.find(one.id));
    this.page.rows.divide((firstNew && this.page.rows.find(firstNew.id)) ?? null);
    this.showEmpty();
    this.page.scroll.begin(this.page.rows.divider);
    this.page.reading.begin();
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

  /** From the newest to the oldest, a few at a time: who types is not kept waiting. */
  async addOlder(shown: Shown[]): Promise<void> {
    const pace = new Pace();
    const lay = () => this.page.scroll.holdPlace(() => this.page.rows.arrange());
    for (const one of shown.toReversed()) {
      this.#take(one);
      if (!pace.isTired) continue;
      lay();
      await pace.rest();
    }
    lay();
    await pace.rest();
    this.page.holds.showAll();
  }

  showOlder(isLoading: boolean): void {
    part(this.page.root, "older").hidden = !isLoading;
  }

  showEmpty(): void {
    part(this.page.root, "empty").hidden = this.page.rows.all.length > 0;
  }

  #take(shown: Shown): RowEntry | null {
    if (shown.kind !== 1 && shown.kind !== 5) {
      this.page.apply(shown);
      return null;
    }
    const { rows } = this.page;
    const entry = rows.take(shown.id, shown.isMine);
    entry.n = shown.n;
    entry.seenN = shown.kind === 1 ? shown.seenN : 0;
    rows.setTime(entry, shown.recvMs);
    this.page.holds.set(entry, shown.row);
    if (shown.isMine) this.#takeMine(entry, shown);
    else this.page.reading.watch(entry);
    this.#draw(entry, shown);
    return entry;
  }

  /** Something changed a message: draw it again, if it is here. */
  redraw(id: string): void {
    const [entry, shown] = [this.page.rows.find(id), this.page.shown(id)];
    if (entry && shown) this.#draw(entry, shown);
  }

  #draw(entry: RowEntry, shown: Shown): void {
    const { rows, changes } = this.page;
    changes.onto(shown);
    rows.setText(entry, this.#words(shown), shown.problem !== null);
    entry.element.classList.toggle("is-erased", shown.isErased);
    this.page.drew(entry, shown);
  }

  #words(shown: Shown): string {
    const { texts, peerName } = this.page;
    if (shown.problem) return instead(texts, shown.problem);
    if (shown.isDeleted) return say(texts, shown.isMine ? "deleted_mine" : "deleted_theirs", { name: peerName });
    return shown.isErased ? say(texts, "erased") : (shown.text ?? "");
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
    const said = shown.text || (shown.body?.att ? say(this.page.texts, "att_came") : "");
    if (said) this.page.notices.announce(`${this.page.peerName}: ${said}`);
  }
}

/** What stands where a message cannot be shown. */
function instead(texts: Texts, problem: string): string {
  return say(texts, texts[`instead_${problem}`] ? `instead_${problem}` : "cannot_verify");
}
