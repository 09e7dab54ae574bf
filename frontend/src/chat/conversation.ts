// One conversation: what is verified, what is next, and how a message is sealed. No DOM here.
import { get, post, Problem, type Schema } from "../api";
import { currentEncryption, fetchLog, fetchServerKeys, type MyKeys } from "../keys/keyring";
import { type Bytes, decode64, encode64, equal, uuid7, uuidBytes } from "../protocol/bytes";
import { firstHead, verifyPlace } from "../protocol/chain";
import { type Envelope, open, readBody, seal, textBody } from "../protocol/envelope";
import { CannotVerify, type Header, parseHeader } from "../protocol/header";
import type { KeyLog } from "../protocol/keylog";
import { suite } from "../protocol/suite";

/** A message of the history; one that was pushed has only what everybody is sent. */
export type Row = Pick<Schema<"HistoryRowOut">, "envelope" | "srv"> & Partial<Schema<"HistoryRowOut">>;

/** A message as the page shows it; `text` is null when it could not be verified or was deleted. */
export interface Shown {
  id: string;
  n: number;
  kind: number;
  isMine: boolean;
  recvMs: number;
  /** What its writer had seen: an answer pays for what it has seen. */
  seenN: number;
  priceCenti: number;
  text: string | null;
  problem: string | null;
  isErased: boolean;
  row: Row;
}

/**
 * A message that is being written: the id stays through retries, so nothing is ever paid twice, and `priceCenti` is
 * what the writer has agreed to. `envelope` is kept while nobody knows whether it arrived.
 */
export interface Outgoing {
  id: Bytes;
  text: string;
  priceCenti: number;
  envelope: Envelope | null;
}

export type Ack = Schema<"AckOut">;

/** What became of a send; `ack` is null when the message had arrived before. */
export interface Sent {
  shown: Shown[];
  ack: Ack | null;
}

type Opening = Schema<"OpenedOut">;
type Page = Schema<"HistoryRowPage">;

/** Refusals that the server gives before it looks whether it already has the message. */
const BEFORE_THE_LOOK = new Set(["offline", "muted", "rate_limited"]);

export class Conversation {
  priceCenti = 0;
  n = 0;
  hasOlder = false;
  #head: Bytes = new Uint8Array(32);
  /** The number of the oldest message here, and the head that it must follow. */
  #firstN = 1;
  #beforeFirst: Bytes = new Uint8Array(32);
  #nextSeq = 1;
  #logs = new Map<string, KeyLog>();
  #serverKeys = new Map<string, Bytes>();
  #seen = new Set<string>();

  constructor(readonly id: string, readonly me: string, readonly peer: string, readonly keys: MyKeys) {}

  /** Load keys, price and the newest page; oldest first. */
  async load(): Promise<Shown[]> {
    this.#serverKeys = await fetchServerKeys();
    await this.#loadLogs();
    const opening = await this.#refresh();
    const page = await this.#history("");
    const first = page.results[0];
    this.#firstN = first?.srv.n ?? 1;
    this.#beforeFirst = first ? decode64(first.srv.prev) : await this.#start();
    if (this.#firstN === 1 && !equal(this.#beforeFirst, await this.#start())) throw new CannotVerify("chain_mismatch");
    this.hasOlder = page.next !== null;
    this.n = this.#firstN - 1;
    this.#head = this.#beforeFirst;
    const shown = await this.absorb(page.results);
    if (this.n === opening.n && !equal(this.#head, decode64(opening.head))) throw new CannotVerify("chain_mismatch");
    return shown;
  }

  #start(): Promise<Bytes> {
    return firstHead(uuidBytes(this.id), uuidBytes(this.me), uuidBytes(this.peer));
  }

  #history(bounds: "" | `?${string}`): Promise<Page> {
    return get<"/api/v1/messages/history/{user_id}">(`messages/history/${this.peer}${bounds}`);
  }

  /** The page before what is here; oldest first. It must end in the head that the oldest message here follows. */
  async older(): Promise<Shown[]> {
    const page = await this.#history(`?before_n=${this.#firstN}`);
    const first = page.results[0];
    if (!first) throw new CannotVerify("chain_mismatch");
    const start = first.srv.n === 1 ? await this.#start() : decode64(first.srv.prev);
    const shown: Shown[] = [];
    let head = start;
    let n = first.srv.n - 1;
    for (const row of page.results) {
      if (row.srv.n !== ++n) throw new CannotVerify("chain_mismatch");
      const hdr = decode64(row.envelope.hdr);
      head = await this.#verify(row, hdr, head);
      shown.push(await this.#open(row, parseHeader(hdr)));
    }
    if (n !== this.#firstN - 1 || !equal(head, this.#beforeFirst)) throw new CannotVerify("chain_mismatch");
    this.#firstN = first.srv.n;
    this.#beforeFirst = start;
    this.hasOlder = page.next !== null;
    return shown;
  }

  async #loadLogs(): Promise<void> {
    this.#logs.set(this.me, await fetchLog(this.me, this.me));
    try {
      this.#logs.set(this.peer, await fetchLog(this.me, this.peer));
    } catch (error) {
      if (!(error instanceof CannotVerify && error.code === "no_keys")) throw error;
    }
  }

  get peerHasKeys(): boolean {
    return this.#logs.has(this.peer);
  }

  async #refresh(): Promise<Opening> {
    const opening = await post<"/api/v1/messages/conversations">("messages/conversations", { user_id: this.peer });
    this.priceCenti = opening.price_centi;
    this.#nextSeq = opening.next_seq;
    return opening;
  }

  /** Verify rows that follow the chain and open them; rows already seen are passed over. */
  async absorb(rows: Row[]): Promise<Shown[]> {
    const shown: Shown[] = [];
    for (const row of rows) {
      if (row.srv.n <= this.n) continue;
      if (row.srv.n > this.n + 1) shown.push(...(await this.#catchUp()));
      if (row.srv.n <= this.n) continue;
      shown.push(await this.#absorbNext(row));
    }
    return shown;
  }

  /** What the server has beyond our chain. */
  async #catchUp(): Promise<Shown[]> {
    const page = await this.#history(`?after_n=${this.n}`);
    const shown: Shown[] = [];
    for (const row of page.results) if (row.srv.n === this.n + 1) shown.push(await this.#absorbNext(row));
    return shown;
  }

  async #absorbNext(row: Row): Promise<Shown> {
    const hdr = decode64(row.envelope.hdr);
    this.#head = await this.#verify(row, hdr, this.#head);
    this.n = row.srv.n;
    const header = parseHeader(hdr);
    if (equal(header.deviceKid, this.keys.device.kid)) this.#nextSeq = Math.max(this.#nextSeq, header.seq + 1);
    return this.#open(row, header);
  }

  #verify(row: Row, hdr: Bytes, head: Bytes): Promise<Bytes> {
    return verifyPlace(uuidBytes(this.id), row.srv, head, hdr, decode64(row.envelope.sig), this.#serverKeys);
  }

  async #open(row: Row, header: Header): Promise<Shown> {
    const id = encode64(header.messageId);
    const isMine = equal(header.sender, uuidBytes(this.me));
    const shown: Shown = {
      id, n: row.srv.n, kind: header.kind, isMine, recvMs: row.srv.recv_ms, seenN: header.seenN,
      priceCenti: header.priceCenti, text: null, problem: null, isErased: row.envelope.ct === "", row,
    };
    if (shown.isErased || header.kind === 3) return shown;
    try {
      if (this.#seen.has(id)) throw new CannotVerify("duplicate_msg_id");
      this.#seen.add(id);
      const find = (h: Header) => this.#deviceKey(h, row.srv.recv_ms);
      const opened = await open(await suite(), row.envelope, uuidBytes(this.id), this.keys.encryption, find);
      shown.text = readBody(opened.body).text ?? "";
    } catch (error) {
      shown.problem = error instanceof CannotVerify ? error.code : "cannot_verify";
    }
    return shown;
  }

  /** The sender's device key if its log holds it and it was valid when the server received the message. */
  #deviceKey(header: Header, recvMs: number): Bytes | undefined {
    const isMine = equal(header.sender, uuidBytes(this.me));
    const device = this.#logs.get(isMine ? this.me : this.peer)?.devices.find((key) => equal(key.kid, header.deviceKid));
    return device && (device.revokedMs === undefined || recvMs <= device.revokedMs) ? device.public : undefined;
  }

  /** What the server says now of message `n` and of a page of those after it: a pushed message says nothing of its hold. */
  async lookUp(n: number): Promise<Row[]> {
    return (await this.#history(`?after_n=${n - 1}`)).results;
  }

  begin(text: string): Outgoing {
    return { id: uuid7(Date.now()), text, priceCenti: this.priceCenti, envelope: null };
  }

  /**
   * Seal and send through `deliver`. Stale keys and a moved chain are mended and tried again with the same message
   * id; a changed price goes to the caller, who asks the person first.
   */
  async send(outgoing: Outgoing, deliver: (envelope: Envelope) => Promise<Ack>): Promise<Sent> {
    for (let attempt = 0; ; attempt++) {
      const wasKept = outgoing.envelope !== null;
      const envelope = outgoing.envelope ?? (await this.#seal(outgoing));
      try {
        const ack = await deliver(envelope);
        outgoing.envelope = null;
        return { shown: await this.absorb([acknowledged(envelope, ack)]), ack };
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        outgoing.envelope = isOpen(error, wasKept) ? envelope : null;
        if (error.code === "duplicate_msg_id") return { shown: await this.#catchUp(), ack: null };
        if (attempt >= 2 || !(await this.#mend(error, wasKept))) throw error;
      }
    }
  }

  /** Whether sending again can succeed now. */
  async #mend(problem: Problem, wasKept: boolean): Promise<boolean> {
    switch (problem.code) {
      case "rcpt_key_stale":
      case "rcpt_missing":
        await this.#loadLogs();
        return true;
      case "seq":
      case "seen_head":
        await this.#refresh();
        return true;
      case "clock_skew": // sealed long ago, before the connection was lost
        return wasKept;
      case "price_changed":
        this.priceCenti = problem.document["price_centi"] as number;
        return false;
      default:
        return false;
    }
  }

  async #seal(outgoing: Outgoing): Promise<Envelope> {
    const peerLog = this.#logs.get(this.peer);
    if (!peerLog) throw new CannotVerify("no_keys");
    const draft = {
      kind: 1,
      conversation: uuidBytes(this.id),
      messageId: outgoing.id,
      sender: uuidBytes(this.me),
      recipient: uuidBytes(this.peer),
      sentMs: Date.now(),
      seq: this.#nextSeq,
      seenN: this.n,
      seenHead: this.#head,
      priceCenti: outgoing.priceCenti,
    };
    const own = currentEncryption(this.#logs.get(this.me) as KeyLog);
    return seal(await suite(), this.keys.device, draft, textBody(outgoing.text), [currentEncryption(peerLog), own]);
  }

  async reloadPeer(): Promise<void> {
    await this.#loadLogs();
  }
}

/** Whether the message may have arrived in spite of `problem`. */
function isOpen(problem: Problem, wasKept: boolean): boolean {
  if (problem.code === "unanswered" || problem.code === "internal_error") return true;
  return wasKept && BEFORE_THE_LOOK.has(problem.code);
}

function acknowledged(envelope: Envelope, ack: Ack): Row {
  return {
    envelope,
    srv: ack.srv,
    charged_centi: ack.charged_centi,
    hold_state: ack.hold ? "open" : null,
    hold_expires_at: ack.hold?.expires_at ?? null,
  };
}
