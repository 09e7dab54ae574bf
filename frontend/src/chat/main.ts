// The conversation page. It puts its parts together and hands the server's frames to them, one after the other.
// Plaintext goes to textContent and nowhere else.
import { Problem } from "../api";
import { loadKeys } from "../keys/keyring";
import { encode64 } from "../protocol/bytes";
import type { Envelope } from "../protocol/envelope";
import { ChatSocket, type Frame } from "../socket";
import { credits, readTexts, say, sayInto } from "../texts";
import { Composer } from "./composer";
import { type Ack, Conversation, type Row, type Shown } from "./conversation";
import { Drafts, forget } from "./drafts";
import { Holds } from "./holds";
import { Connection, explain, Notices } from "./notices";
import { Outbox } from "./outbox";
import { part } from "./parts";
import { Reading } from "./reading";
import { type RowEntry, Rows } from "./rows";
import { Scroll } from "./scroll";
import { Sends, settled } from "./sends";

class PairlyConversation extends HTMLElement {
  readonly #texts = readTexts("chat-texts");
  #chat!: Conversation;
  #socket!: ChatSocket;
  #outbox: Outbox | null = null;
  #rows!: Rows;
  #holds!: Holds;
  #scroll!: Scroll;
  #reading!: Reading;
  #composer!: Composer;
  #notices!: Notices;
  #connection!: Connection;
  #drafts!: Drafts;
  #turns: Promise<void> = Promise.resolve();
  #isLoadingOlder = false;
  #balanceCenti = 0;

  connectedCallback(): void {
    const log = part(this, "log");
    this.#notices = new Notices(this);
    this.#drafts = new Drafts(this.#data("user"), this.#data("conversation"));
    this.#rows = new Rows(part(this, "list"), part<HTMLTemplateElement>(this, "row"), this.#texts, this.#data("name"));
    this.#holds = new Holds(this.#rows, this.#texts, (deadline) => this.#showNearest(deadline));
    this.#scroll = new Scroll(log, part<HTMLButtonElement>(this, "jump"), this.#texts, () => this.#loadOlder());
    this.#reading = new Reading(log, (marks) => this.#socket.tell({ type: "receipt", conversation: this.#chat.id, ...marks }));
    this.#composer = new Composer(part<HTMLFormElement>(this, "composer"), this.#texts, this.#drafts, (text) => this.#send(text));
    this.#connection = new Connection(this, () => this.#socket.retryNow());
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
        location.replace(`/keys/?next=${encodeURIComponent(location.pathname)}`);
        return;
      }
      this.#chat = new Conversation(this.#data("conversation"), this.#data("user"), this.#data("peer"), keys);
      this.#open(await this.#chat.load());
    } catch (error) {
      this.#loaded();
      this.#notices.show(error instanceof Problem ? explain(this.#texts, error) : say(this.#texts, "cannot_verify_chat"), true);
      return;
    }
    this.#connect();
    if (this.#chat.peerHasKeys) this.#enable();
    else this.#notices.show(say(this.#texts, "peer_has_no_keys"));
  }

  #open(shown: Shown[]): void {
    this.#loaded();
    const entries = shown.map((one) => this.#take(one));
    const isNew = (i: number) => !shown[i]!.isMine && !shown[i]!.row.read_at && entries[i] !== null;
    this.#rows.divide(entries.find((_, i) => isNew(i)) ?? null);
    this.#holds.showAll();
    this.#setPrice();
    this.#showEmpty();
    this.#scroll.begin(this.#rows.divider);
  }

  #loaded(): void {
    part(this, "skeleton").hidden = true;
    part(this, "log").setAttribute("aria-busy", "false");
  }

  #connect(): void {
    this.#socket = new ChatSocket(() => ({ [this.#chat.id]: this.#chat.n }));
    this.#socket.addEventListener("frame", (event) => this.#onFrame((event as CustomEvent<Frame>).detail));
    const sends = new Sends({
      texts: this.#texts, rows: this.#rows, scroll: this.#scroll, composer: this.#composer, notices: this.#notices,
      drafts: this.#drafts, dialog: part<HTMLDialogElement>(this, "price-dialog"),
      show: (shown) => this.#showLive(shown),
      setBalance: (centi) => this.#setBalance(centi),
      setPrice: () => this.#setPrice(),
    });
    const outbox = new Outbox(this.#chat, sends, (envelope) => this.#deliver(envelope), (job) => this.#turn(job));
    this.#outbox = sends.outbox = outbox;
    const unsent = this.#drafts.unsent.filter((one) => !this.#rows.find(encode64(one.id)));
    this.#drafts.unsent = unsent;
    for (const one of unsent) outbox.restore(one);
    this.#socket.connect();
  }

  #enable(): void {
    this.#composer.enable();
    this.#notices.hide();
    this.setAttribute("data-ready", "");
  }

  // -- frames from the server, one after the other ------------------------------------------------------
  #turn(job: () => Promise<void>): Promise<void> {
    this.#turns = this.#turns.then(job).catch(() => this.#notices.show(say(this.#texts, "cannot_verify_chat"), true));
    return this.#turns;
  }

  #onFrame(frame: Frame): void {
    if (frame.type === "local.offline") this.#connection.lost();
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
        if (isHere) this.#refund(frame["n"] as number, frame["amount_centi"] as number);
        break;
      case "key.changed":
        await this.#chat.reloadPeer();
        if (this.#chat.peerHasKeys) this.#enable();
        break;
      case "local.offline":
        this.#outbox?.close();
        break;
      case "local.ended":
      case "session.revoked":
        this.#leave(frame.type);
        break;
    }
  }

  /** A sign-in that was ended takes what was written with it; one that ran out keeps it for its writer. */
  #leave(why: string): void {
    if (why === "session.revoked") forget(() => true);
    location.assign(`/sign-in/?next=${encodeURIComponent(location.pathname)}`);
  }

  async #receive(row: Row): Promise<void> {
    const shown = await this.#chat.absorb([row]);
    this.#showLive(shown);
    for (const one of shown) {
      const entry = this.#rows.find(one.id);
      if (!entry || one.priceCenti === 0 || one.row.hold_state !== undefined) continue;
      const found = await this.#chat.lookUp(one.n);
      if (found) this.#holds.set(entry, found);
      this.#holds.showAll();
    }
  }

  #refund(n: number, amountCenti: number): void {
    this.#holds.refund(n);
    if (this.#rows.all.some((entry) => entry.n === n && entry.isMine)) this.#setBalance(this.#balanceCenti + amountCenti);
  }

  // -- rows ---------------------------------------------------------------------------------------------
  #take(shown: Shown): RowEntry | null {
    if (shown.kind !== 1 && shown.kind !== 5) return null;
    const entry = this.#rows.take(shown.id, shown.isMine);
    entry.n = shown.n;
    entry.seenN = shown.kind === 1 ? shown.seenN : 0;
    const text = shown.isErased ? say(this.#texts, "erased") : (shown.text ?? say(this.#texts, "cannot_verify"));
    this.#rows.setText(entry, text, shown.problem !== null);
    this.#rows.setTime(entry, shown.recvMs);
    this.#holds.set(entry, shown.row);
    if (!shown.isMine) {
      this.#reading.watch(entry);
    } else {
      this.#rows.setStatus(entry, shown.row.read_at ? "read" : shown.row.delivered ? "delivered" : "sent");
      settled(entry);
      this.#outbox?.settle(shown.id);
    }
    return entry;
  }

  #showLive(shown: Shown[]): void {
    for (const one of shown) {
      const entry = this.#take(one);
      if (!entry) continue;
      this.#holds.release(entry);
      if (one.isMine) this.#rows.divide(null);
      else this.#arrived(entry, one);
    }
    this.#rows.arrange();
    this.#holds.showAll();
    this.#showEmpty();
  }

  #arrived(entry: RowEntry, shown: Shown): void {
    const isAway = document.visibilityState !== "visible" || !this.#scroll.isAtEnd;
    if (isAway && !this.#rows.divider) this.#rows.divide(entry);
    this.#rows.arrange();
    this.#scroll.count();
    if (shown.text) this.#notices.announce(`${this.#data("name")}: ${shown.text}`);
  }

  #loadOlder(): void {
    if (!this.#chat?.hasOlder || this.#isLoadingOlder) return;
    this.#isLoadingOlder = true;
    part(this, "older").hidden = false;
    void this.#turn(async () => {
      try {
        const shown = await this.#chat.older();
        this.#scroll.holdPlace(() => this.#addOlder(shown));
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
      } finally {
        part(this, "older").hidden = true;
        this.#isLoadingOlder = false;
      }
    });
  }

  #addOlder(shown: Shown[]): void {
    for (const one of shown) this.#take(one);
    this.#rows.arrange();
    this.#holds.showAll();
    part(this, "older").hidden = true;
  }

  #showEmpty(): void {
    part(this, "empty").hidden = this.#rows.all.length > 0;
  }

  // -- sending ------------------------------------------------------------------------------------------
  #send(text: string): void {
    this.#notices.hide();
    this.#outbox?.add(this.#chat.begin(text));
    this.#showEmpty();
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
    this.#balanceCenti = centi;
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
