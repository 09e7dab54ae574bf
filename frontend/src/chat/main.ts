// The conversation page. It puts its parts together and hands the server's frames to them, one after the other.
// Plaintext goes to textContent and nowhere else.
import { Problem } from "../api";
import { loadKeys } from "../keys/keyring";
import { encode64 } from "../protocol/bytes";
import type { Envelope } from "../protocol/envelope";
import { ChatSocket, type Frame } from "../socket";
import { credits, readTexts, say, sayInto } from "../texts";
import { Composer } from "./composer";
import { type Ack, Conversation, type Row } from "./conversation";
import { Drafts, forget } from "./drafts";
import { Holds } from "./holds";
import { MessageLog } from "./log";
import { Connection, explain, Notices } from "./notices";
import { Outbox } from "./outbox";
import { part } from "./parts";
import { Reading } from "./reading";
import { Rows } from "./rows";
import { Scroll } from "./scroll";
import { Sends } from "./sends";

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
    this.#log = new MessageLog({
      root: this, texts: this.#texts, peerName: this.#data("name"), rows: this.#rows, holds: this.#holds,
      scroll: this.#scroll, reading: this.#reading, notices: this.#notices,
      settle: (id) => this.#outbox?.settle(id),
    });
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
      this.#log.open(await this.#chat.load());
      this.#setPrice();
    } catch (error) {
      this.#log.loaded();
      this.#notices.show(error instanceof Problem ? explain(this.#texts, error) : say(this.#texts, "cannot_verify_chat"), true);
      return;
    }
    this.#connect();
    if (this.#chat.peerHasKeys) this.#enable();
    else this.#notices.show(say(this.#texts, "peer_has_no_keys"));
  }

  #connect(): void {
    this.#socket = new ChatSocket(() => ({ [this.#chat.id]: this.#chat.n }));
    this.#socket.addEventListener("frame", (event) => this.#onFrame((event as CustomEvent<Frame>).detail));
    const sends = new Sends({
      texts: this.#texts, rows: this.#rows, scroll: this.#scroll, composer: this.#composer, notices: this.#notices,
      drafts: this.#drafts, dialog: part<HTMLDialogElement>(this, "price-dialog"),
      show: (shown) => this.#log.add(shown),
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

  #refund(n: number, amountCenti: number): void {
    this.#holds.refund(n);
    if (this.#rows.all.some((entry) => entry.n === n && entry.isMine)) this.#setBalance(this.#balanceCenti + amountCenti);
  }

  #loadOlder(): void {
    if (!this.#chat?.hasOlder || this.#isLoadingOlder) return;
    this.#isLoadingOlder = true;
    this.#log.showOlder(true);
    void this.#turn(async () => {
      try {
        this.#log.addOlder(await this.#chat.older());
      } catch (error) {
        if (!(error instanceof Problem)) throw error; // no connection: the next scroll tries again
      } finally {
        this.#log.showOlder(false);
        this.#isLoadingOlder = false;
      }
    });
  }

  // -- sending ------------------------------------------------------------------------------------------
  #send(text: string): void {
    this.#notices.hide();
    this.#outbox?.add(this.#chat.begin(text));
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
