// The conversation page. It puts its parts together and hands the server's frames to them, one after the other.
// Plaintext goes to textContent and nowhere else.
import { Problem } from "../api";
import { loadKeys, refreshKeys } from "../keys/keyring";
import { rotateIfDue } from "../keys/rotation";
import { encode64 } from "../protocol/bytes";
import type { Envelope, NewMessage } from "../protocol/envelope";
import { CannotVerify } from "../protocol/header";
import { take } from "../live/news";
import { ChatSocket, type Frame } from "../socket";
import { credits, readTexts, say, sayInto } from "../texts";
import { Back } from "./back";
import { Changes, changeOf, changeToBe, DELETION } from "./changes";
import { Composer } from "./composer";
import { Context } from "./context";
import { type Ack, Conversation, type Outgoing, type Row, type Shown } from "./conversation";
import { Drafts, forget } from "./drafts";
import { FEATURES } from "./features";
import { Holds } from "./holds";
import { MessageLog } from "./log";
import { Menu } from "./menu";
import { Connection, explain, Notices } from "./notices";
import { Outbox } from "./outbox";
import type { ChatPage, Feature } from "./page";
import { part } from "./parts";
import { Presence } from "./presence";
import { Reading } from "./reading";
import { type RowEntry, Rows } from "./rows";
import { Scroll } from "./scroll";
import { hasRow, Sends } from "./sends";
import { gatherTools } from "./tools";
import { TrustNotice } from "./trust";

class PairlyConversation extends HTMLElement {
  readonly #texts = readTexts("chat-texts");
  #chat!: Conversation;
  #socket!: ChatSocket;
  #outbox: Outbox | null = null;
  #rows!: Rows;
  #holds!: Holds;
  #scroll!: Scroll;
  #log!: MessageLog;
  #reading!: Reading;
  #composer!: Composer;
  #context!: Context;
  #back!: Back;
  #notices!: Notices;
  #connection!: Connection;
  #drafts!: Drafts;
  #presence!: Presence;
  #menu!: Menu;
  #features: Feature[] = [];
  readonly #shown = new Map<string, Shown>();
  readonly #changes = new Changes();
  #turns: Promise<void> = Promise.resolve();
  #loadingOlder: Promise<boolean> | null = null;

  connectedCallback(): void {
    const log = part(this, "log");
    this.#notices = new Notices(this);
    this.#drafts = new Drafts(this.#data("user"), this.#data("conversation"));
    this.#rows = new Rows(part(this, "list"), part<HTMLTemplateElement>(this, "row"), part<HTMLTemplateElement>(this, "note"), this.#texts, this.#data("name"));
    this.#holds = new Holds(this.#rows, this.#texts, (deadline) => this.#showNearest(deadline));
    this.#scroll = new Scroll(log, part<HTMLButtonElement>(this, "jump"), this.#texts, () => void this.#loadOlder());
    this.#reading = new Reading(log, (marks) => this.#socket.tell({ type: "receipt", conversation: this.#chat.id, ...marks }));
    this.#log = new MessageLog({
      root: this, texts: this.#texts, peerName: this.#data("name"), rows: this.#rows, holds: this.#holds,
      scroll: this.#scroll, reading: this.#reading, notices: this.#notices, changes: this.#changes,
      shown: (id) => this.#shown.get(id),
      settle: (id) => this.#outbox?.settle(id),
      drew: (entry, shown) => this.#drew(entry, shown),
      apply: (shown) => this.#apply(shown),
    });
    this.#menu = new Menu(part(this, "menu"), {
      actions: (entry) => this.#offers(entry, (feature, shown) => feature.actions?.(entry, shown) ?? []),
      heads: (entry, door) => this.#offers(entry, (feature, shown) => feature.menuHead?.(entry, shown, door) ?? []),
    });
    this.#composer = new Composer(part<HTMLFormElement>(this, "composer"), this.#texts, this.#drafts, (text) => this.#send(text));
    gatherTools(this);
    this.#context = new Context(this, this.#composer, this.#drafts);
    this.#back = new Back(this, this.#texts, this.#rows, () => this.#loadOlder());
    this.#connection = new Connection(this, () => this.#socket.retryNow());
    this.#presence = new Presence(part(this, "presence"), this.#data("peer"), this.#texts, (frame) => this.#socket.tell(frame));
    part(this, "reload").addEventListener("click", () => location.reload());
    this.#setBalance(Number(this.#data("balance")));
    void this.#start();
  }

  #data(name: string): string {
    return this.dataset[name] as string;
  }

  // -- opening ------------------------------------------------------------------------------------------
  async #start(): Promise<void> {
    try {
      const keys = await loadKeys(this.#data("user"));
      if (!keys) {
        this.#askForKeys();
        return;
      }
      // Old keys go on working where this fails: the next page tries again.
      await rotateIfDue(this.#data("user"), keys).catch(() => false);
      this.#chat = new Conversation(this.#data("conversation"), this.#data("user"), this.#data("peer"), keys);
      const shown = await this.#chat.load();
      this.#prepare();
      await this.#log.open(shown);
      this.#setPrice();
    } catch (error) {
      this.#log.loaded();
      if (error instanceof CannotVerify) new TrustNotice(this, this.#texts).alarm(error.code);
      else this.#notices.show(error instanceof Problem ? explain(this.#texts, error) : say(this.#texts, "cannot_verify_chat"), true);
      return;
    }
    this.#tell((feature) => feature.opened?.());
    this.#connect();
    this.#enable();
    if (!this.#chat.peerHasKeys) this.#notices.show(say(this.#texts, "peer_has_no_keys"));
  }

  /** Something has to be done about this device's keys first. */
  #askForKeys(): void {
    location.replace(`/keys/?next=${encodeURIComponent(location.pathname)}`);
  }

  /** What connects, sends and plugs in, once there is a conversation. */
  #prepare(): void {
    this.#socket = new ChatSocket(() => ({ [this.#chat.id]: this.#chat.n }));
    const page: ChatPage = {
      root: this, texts: this.#texts, me: this.#data("user"), peer: this.#data("peer"), peerName: this.#data("name"),
      chat: this.#chat, rows: this.#rows, holds: this.#holds, scroll: this.#scroll, composer: this.#composer,
      context: this.#context, changes: this.#changes, back: this.#back, notices: this.#notices, socket: this.#socket,
      shown: (id) => this.#shown.get(id),
      send: (outgoing) => this.#outbox?.add(outgoing),
      turn: (job) => this.#turn(job),
      lookAtHolds: () => this.#lookAtHolds(),
    };
    this.#features = FEATURES.map((make) => make(page));
  }

  #tell(what: (feature: Feature) => void): void {
    for (const feature of this.#features) what(feature);
  }

  #drew(entry: RowEntry, shown: Shown): void {
    this.#shown.set(shown.id, shown);
    this.#tell((feature) => feature.drawn?.(entry, shown));
    this.#menu.attach(entry);
  }

  #offers<T>(entry: RowEntry, ask: (feature: Feature, shown: Shown) => T | T[]): T[] {
    const shown = this.#shown.get(entry.id);
    return shown ? this.#features.flatMap((feature) => ask(feature, shown)) : [];
  }

  /** An edit, a deletion or a reaction of the conversation. */
  #apply(shown: Shown): void {
    const change = changeOf(shown);
    if (change) {
      this.#changes.put(change);
      this.#log.redraw(change.target);
    }
    if (shown.isMine) this.#outbox?.settle(shown.id);
    this.#tell((feature) => feature.applied?.(shown));
  }

  /** The same of mine and not there yet. A deletion is believed only when it is. */
  #changing(outgoing: Outgoing): void {
    const change = changeToBe(outgoing);
    if (change.kind !== DELETION) this.#changes.put(change);
    this.#log.redraw(change.target);
    this.#tell((feature) => feature.changing?.(outgoing));
  }

  #refused(outgoing: Outgoing): void {
    const change = changeToBe(outgoing);
    this.#changes.drop(change);
    this.#log.redraw(change.target);
    this.#tell((feature) => feature.refused?.(outgoing));
  }

  #connect(): void {
    this.#socket.addEventListener("frame", (event) => this.#onFrame((event as CustomEvent<Frame>).detail));
    const sends = new Sends({
      texts: this.#texts, rows: this.#rows, scroll: this.#scroll, composer: this.#composer, notices: this.#notices,
      drafts: this.#drafts, dialog: part<HTMLDialogElement>(this, "price-dialog"),
      show: (shown) => this.#log.add(shown),
      setBalance: (centi) => this.#setBalance(centi),
      setPrice: () => this.#setPrice(),
      drew: (entry: RowEntry, outgoing: Outgoing) => this.#tell((feature) => feature.sending?.(entry, outgoing)),
      takenBack: (outgoing) => this.#tell((feature) => feature.takenBack?.(outgoing)),
      changing: (outgoing) => this.#changing(outgoing),
      refused: (outgoing) => this.#refused(outgoing),
    });
    const outbox = new Outbox(this.#chat, sends, (envelope) => this.#deliver(envelope), (job) => this.#turn(job));
    this.#outbox = sends.outbox = outbox;
    const unsent = this.#drafts.unsent.filter(({ id }) => !this.#rows.find(encode64(id)) && !this.#changes.has(encode64(id)));
    this.#drafts.unsent = unsent;
    for (const one of unsent) {
      if (hasRow(one)) outbox.restore(one);
      else outbox.add(one); // a change costs nothing: it goes on
    }
    this.#socket.connect();
  }

  /** Where nothing is in the way of writing. */
  #enable(): void {
    if (this.#chat.obstacle) return;
    this.#composer.enable();
    this.#notices.hide();
    this.setAttribute("data-ready", "");
  }

  // -- frames from the server, one after the other ------------------------------------------------------
  #turn(job: () => Promise<void>): Promise<void> {
    this.#turns = this.#turns.then(job).catch(() => {
      // A lie of the server has its own notice.
      if (!this.#chat.alarm) this.#notices.show(say(this.#texts, "cannot_verify_chat"), true);
    });
    return this.#turns;
  }

  #onFrame(frame: Frame): void {
    if (frame.type === "local.offline") this.#connection.lost();
    take(frame, (url) => url === location.pathname);
    this.#presence.take(frame);
    void this.#turn(() => this.#handle(frame));
  }

  async #handle(frame: Frame): Promise<void> {
    const isHere = frame["conversation"] === this.#chat.id;
    switch (frame.type) {
      case "ready":
        this.#setBalance(frame["balance_centi"] as number);
        this.#connection.found();
        break;
      case "resumed":
        this.#outbox?.open();
        this.#reading.again();
        await this.#lookAtHolds();
        break;
      case "message":
        if (isHere) await this.#receive(frame as unknown as Row);
        break;
      case "balance":
        this.#setBalance(frame["balance_centi"] as number);
        break;
      case "receipt":
        if (isHere && frame["user_id"] === this.#data("peer")) {
          this.#rows.mark((frame["read_n"] as number | undefined) ?? 0, (frame["delivered_n"] as number | undefined) ?? 0);
        }
        break;
      case "hold.refunded":
        if (isHere) this.#holds.refund(frame["n"] as number); // the new balance comes behind it
        break;
      case "key.changed":
        if (frame["user_id"] === this.#data("user") && !(await refreshKeys(this.#data("user"), this.#chat.keys))) return this.#askForKeys();
        await this.#chat.reloadPeer();
        this.#enable();
        break;
      case "local.offline":
        this.#outbox?.close();
        break;
      case "local.ended":
      case "session.revoked":
        this.#leave(frame.type);
        break;
    }
    for (const feature of this.#features) await feature.frame?.(frame);
  }

  /** A sign-in that was ended takes what was written with it; one that ran out keeps it for its writer. */
  #leave(why: string): void {
    if (why === "session.revoked") forget(() => true);
    location.assign(`/sign-in/?next=${encodeURIComponent(location.pathname)}`);
  }

  async #receive(row: Row): Promise<void> {
    const shown = await this.#chat.absorb([row]);
    this.#log.add(shown);
    for (const one of shown) {
      const entry = this.#rows.find(one.id);
      if (!entry || one.priceCenti === 0 || one.row.hold_state !== undefined) continue;
      const found = (await this.#chat.lookUp(one.n)).find((row) => row.srv.n === one.n);
      if (found) this.#holds.set(entry, found);
      this.#holds.showAll();
    }
  }

  /** Pushes are not repeated: a page that was not connected asks what became of the credits it shows as held. */
  async #lookAtHolds(): Promise<void> {
    try {
      for (let n = this.#holds.firstOpenAfter(0); n !== undefined; ) {
        const rows = await this.#chat.lookUp(n);
        this.#holds.update(rows);
        n = this.#holds.firstOpenAfter(rows.at(-1)?.srv.n ?? Infinity);
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error; // no connection: the next one asks again
    }
  }

  /** A page from further back; whether one came. */
  #loadOlder(): Promise<boolean> {
    if (!this.#chat?.hasOlder) return Promise.resolve(false);
    this.#loadingOlder ??= this.#older().finally(() => (this.#loadingOlder = null));
    return this.#loadingOlder;
  }

  async #older(): Promise<boolean> {
    let hasCome = false;
    this.#log.showOlder(true);
    await this.#turn(async () => {
      try {
        await this.#log.addOlder(await this.#chat.older());
        hasCome = true;
      } catch (error) {
        if (!(error instanceof Problem)) throw error; // no connection: the next scroll tries again
      } finally {
        this.#log.showOlder(false);
      }
    });
    return hasCome;
  }

  // -- sending ------------------------------------------------------------------------------------------
  #send(text: string): void {
    this.#notices.hide();
    let message: NewMessage | null = { kind: 1, body: { t: "text", text } };
    for (const feature of this.#features) message = message && feature.composing ? feature.composing(message) : message;
    if (message) this.#outbox?.add(this.#chat.begin(message));
    this.#log.showEmpty();
  }

  async #deliver(envelope: Envelope): Promise<Ack> {
    const frame = await this.#socket.ask({ type: "message.send", conversation: this.#chat.id, envelope });
    return frame as unknown as Ack;
  }

  // -- money --------------------------------------------------------------------------------------------
  #setPrice(): void {
    this.#composer.price = this.#chat.priceCenti;
    const line = this.querySelector<HTMLElement>('[data-part="price-line"]');
    if (line) line.textContent = say(this.#texts, "price_line", { price: credits(this.#chat.priceCenti) });
  }

  #setBalance(centi: number): void {
    this.#composer.balance = centi;
    const header = document.querySelector<HTMLElement>('[data-part="balance"]');
    if (header) header.textContent = credits(centi);
  }

  #showNearest(deadline: Node | null): void {
    const line = part(this, "nearest");
    line.hidden = deadline === null;
    if (deadline) sayInto(part(line, "nearest-text"), this.#texts, "nearest", { span: deadline });
  }
}

customElements.define("pairly-conversation", PairlyConversation);
