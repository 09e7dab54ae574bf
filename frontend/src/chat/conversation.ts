// One conversation: what is verified, what is next, and how a message is sealed. No DOM here.
import { get, post, Problem, type Schema } from "../api";
import type { MyKeys } from "../keys/keyring";
import { BadBase64, type Bytes, decode64, encode64, equal, uuid7, uuidBytes } from "../protocol/bytes";
import { firstHead, verifyPlace } from "../protocol/chain";
import { type Body, type Envelope, type NewMessage, open, readBody, seal, verifySigned } from "../protocol/envelope";
import { makeReport, type Report } from "../protocol/franking";
import { CannotVerify, type Header, parseHeader } from "../protocol/header";
import { newestEncryption } from "../protocol/keylog";
import { suite } from "../protocol/suite";
import { ChainMemory, checkFrame } from "../trust/chain";
import { acceptIdentity, fetchPerson, type Person } from "../trust/person";
import { fetchServerKeys } from "../trust/server_keys";
import { changeChat, findChat } from "../trust/store";
import { Pace } from "./pace";

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
  /** What was sealed, verified; null like `text`. */
  body: Body | null;
  /** The message that an edit, a deletion or a reaction is about. */
  target: string | null;
  problem: string | null;
  /** Its words are gone. */
  isErased: boolean;
  /** Its writer deleted it, as a message of the conversation says. */
  isDeleted: boolean;
  row: Row;
}

/**
 * A message that is being written: the id stays through retries, so nothing is ever paid twice, and `priceCenti` is
 * what the writer has agreed to. `envelope` is kept while nobody knows whether it arrived.
 */
export interface Outgoing extends NewMessage {
  id: Bytes;
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

/** How many pages are loaded at once to reach what an earlier visit verified; what lies further back waits. */
const BRIDGE_PAGES = 10;

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
  #mine!: Person;
  #theirs: Person | null = null;
  #serverKeys = new Map<string, Bytes>();
  #memory = new ChainMemory([]);
  /** Whose deletions are in the conversation, by the id of what they delete. */
  #deletions = new Map<string, Set<boolean>>();
  /** The server said something that cannot be true: the code. Nothing is taken from it or sent any more. */
  alarm: string | null = null;
  onAlarm: (code: string) => void = () => undefined;
  /** WebCrypto answers small questions at once: without a rest a whole page would be one piece of work. */
  readonly #pace = new Pace();

  constructor(readonly id: string, readonly me: string, readonly peer: string, readonly keys: MyKeys) {}

  /** Run what asks the server for more; a lie raises the alarm. */
  async #guard<T>(job: () => Promise<T>): Promise<T> {
    if (this.alarm) throw new CannotVerify(this.alarm);
    try {
      return await job();
    } catch (error) {
      if (error instanceof CannotVerify) this.alarm = error.code;
      else if (error instanceof BadBase64 || error instanceof TypeError || error instanceof RangeError) this.alarm = "malformed";
      if (!this.alarm) throw error;
      this.onAlarm(this.alarm);
      throw new CannotVerify(this.alarm);
    }
  }

  /** Load keys, price and the newest page; oldest first. */
  load(): Promise<Shown[]> {
    return this.#guard(async () => {
      // What is known here is read before the server is asked: it must know at least as much.
      const pin = await findChat(this.me, this.id);
      this.#memory = new ChainMemory(pin?.points ?? []);
      [this.#serverKeys] = await Promise.all([fetchServerKeys(this.me), this.#loadLogs()]);
      const opening = await this.#refresh();
      const page = await this.#history("");
      const first = page.results[0];
      this.#firstN = first?.srv.n ?? 1;
      this.#beforeFirst = first ? decode64(first.srv.prev) : await this.#start();
      if (this.#firstN === 1 && !equal(this.#beforeFirst, await this.#start())) throw new CannotVerify("chain_mismatch");
      this.#memory.pass(0, await this.#start());
      this.#memory.pass(this.#firstN - 1, this.#beforeFirst);
      this.hasOlder = page.next !== null;
      this.n = this.#firstN - 1;
      this.#head = this.#beforeFirst;
      let shown = await this.#absorb(page.results);
      if (this.#firstN === 1) this.#memory.begin();
      if (this.n < Math.max(opening.n, this.#memory.pinnedN)) throw new CannotVerify("history_rollback");
      if (this.n === opening.n && !equal(this.#head, decode64(opening.head))) throw new CannotVerify("chain_mismatch");
      const bridgeTo = this.#memory.pinnedN || Infinity; // nothing was verified before: nothing to reach
      for (let i = 0; i < BRIDGE_PAGES && bridgeTo < this.#firstN - 1; i++) shown = [...(await this.#older()), ...shown];
      await this.#pin();
      return shown;
    });
  }

  /** Keep where the conversation stands for the next visit. */
  async #pin(): Promise<void> {
    const points = this.#memory.points(this.n, this.#head);
    await changeChat(this.me, this.id, (before) => ((before?.points.at(-1)?.n ?? 0) > this.n ? undefined : { points }));
  }

  #start(): Promise<Bytes> {
    return firstHead(uuidBytes(this.id), uuidBytes(this.me), uuidBytes(this.peer));
  }

  #history(bounds: "" | `?${string}`): Promise<Page> {
    return get<"/api/v1/messages/history/{user_id}">(`messages/history/${this.peer}${bounds}`);
  }

  /** The page before what is here; oldest first. It must end in the head that the oldest message here follows. */
  older(): Promise<Shown[]> {
    return this.#guard(() => this.#older());
  }

  async #older(): Promise<Shown[]> {
    const page = await this.#history(`?before_n=${this.#firstN}`);
    const first = page.results[0];
    if (!first) throw new CannotVerify("chain_mismatch");
    const start = first.srv.n === 1 ? await this.#start() : decode64(first.srv.prev);
    this.#memory.pass(first.srv.n - 1, start);
    const headers: [Header, number][] = [];
    let head = start;
    let n = first.srv.n - 1;
    for (const row of page.results) {
      if (row.srv.n !== ++n) throw new CannotVerify("chain_mismatch");
      const hdr = decode64(row.envelope.hdr);
      head = await this.#verify(row, hdr, head);
      headers.push([parseHeader(hdr), n]);
      if (n < this.#firstN - 1) this.#memory.pass(n, head);
    }
    if (n !== this.#firstN - 1 || !equal(head, this.#beforeFirst)) throw new CannotVerify("chain_mismatch");
    this.#memory.countOlder(headers);
    if (first.srv.n === 1) this.#memory.begin();
    this.#firstN = first.srv.n;
    this.#beforeFirst = start;
    this.hasOlder = page.next !== null;
    const shown: Shown[] = [];
    for (const [i, row] of page.results.entries()) shown.push(await this.#open(row, headers[i]![0]));
    return this.#withoutSilence(shown);
  }

  async #loadLogs(): Promise<void> {
    this.#mine = await fetchPerson(this.me, this.me);
    if (this.#mine.isNew) {
      // A new identity of one's own is accepted where one has entered this device into its log.
      if (!this.#mine.log.devices.some((key) => equal(key.kid, this.keys.device.kid))) throw new CannotVerify("own_identity_changed");
      await acceptIdentity(this.me, this.#mine);
      this.#mine = await fetchPerson(this.me, this.me);
    }
    try {
      this.#theirs = await fetchPerson(this.me, this.peer);
    } catch (error) {
      if (!(error instanceof CannotVerify && error.code === "no_keys")) throw error;
    }
  }

  get peerHasKeys(): boolean {
    return this.#theirs !== null;
  }

  /** Both people's keys as this device sees them; the other one may not have any yet. */
  get people(): { mine: Person; theirs: Person | null } {
    return { mine: this.#mine, theirs: this.#theirs };
  }

  /** Whether messages can be sealed to the other one; else the code of what is in the way. */
  get obstacle(): string | null {
    if (this.alarm) return this.alarm;
    if (!this.#theirs) return "no_keys";
    try {
      this.#theirs.encryptionKey(Date.now());
      return null;
    } catch (error) {
      return (error as CannotVerify).code;
    }
  }

  async #refresh(): Promise<Opening> {
    const opening = await post<"/api/v1/messages/conversations">("messages/conversations", { user_id: this.peer });
    this.priceCenti = opening.price_centi;
    this.#nextSeq = opening.next_seq;
    return opening;
  }

  /** Verify rows that follow the chain and open them; rows already seen are passed over. */
  absorb(rows: Row[]): Promise<Shown[]> {
    return this.#guard(async () => {
      const shown = await this.#absorb(rows);
      if (shown.length > 0) await this.#pin();
      return shown;
    });
  }

  async #absorb(rows: Row[]): Promise<Shown[]> {
    const shown: Shown[] = [];
    for (const row of rows) {
      if (!this.#memory.isKnown(row.srv.n, row.srv.head)) throw new CannotVerify("history_fork");
      if (row.srv.n <= this.n) continue;
      if (row.srv.n > this.n + 1) shown.push(...(await this.#catchUp()));
      if (row.srv.n <= this.n) continue;
      shown.push(await this.#absorbNext(row));
    }
    return this.#withoutSilence(shown);
  }

  /** What the server has beyond our chain. */
  async #catchUp(): Promise<Shown[]> {
    const page = await this.#history(`?after_n=${this.n}`);
    const shown: Shown[] = [];
    for (const row of page.results) if (row.srv.n === this.n + 1) shown.push(await this.#absorbNext(row));
    return shown;
  }

  async #absorbNext(row: Row): Promise<Shown> {
    if (row.srv.n !== this.n + 1) throw new CannotVerify("chain_mismatch");
    const hdr = decode64(row.envelope.hdr);
    const head = await this.#verify(row, hdr, this.#head);
    const header = parseHeader(hdr);
    this.#memory.count(header, row.srv.n);
    this.#memory.pass(row.srv.n, head);
    this.#head = head;
    this.n = row.srv.n;
    if (equal(header.deviceKid, this.keys.device.kid)) this.#nextSeq = Math.max(this.#nextSeq, header.seq + 1);
    return this.#open(row, header);
  }

  /** Words that went without a deletion by who wrote them were taken away by the server: the person is told. */
  #withoutSilence(shown: Shown[]): Shown[] {
    for (const one of shown) {
      if (one.isErased && one.problem === null && one.kind !== 3 && !this.#deletions.get(one.id)?.has(one.isMine)) one.problem = "erased_by_server";
    }
    return shown;
  }

  #verify(row: Row, hdr: Bytes, head: Bytes): Promise<Bytes> {
    return verifyPlace(uuidBytes(this.id), row.srv, head, hdr, decode64(row.envelope.sig), this.#serverKeys);
  }

  async #open(row: Row, header: Header): Promise<Shown> {
    await this.#pace.rest();
    const id = encode64(header.messageId);
    const isMine = equal(header.sender, uuidBytes(this.me));
    const shown: Shown = {
      id, n: row.srv.n, kind: header.kind, isMine, recvMs: row.srv.recv_ms, seenN: header.seenN,
      priceCenti: header.priceCenti, text: null, body: null, target: header.target ? encode64(header.target) : null, problem: null, isErased: row.envelope.ct === "", isDeleted: false, row,
    };
    const signed = await this.#openSealed(row, shown).catch((error: unknown) => {
      shown.problem = error instanceof CannotVerify ? error.code : "malformed";
      shown.text = shown.body = null;
      return null;
    });
    if (!signed) return shown;
    this.#memory.claim(signed, shown.n);
    if (signed.kind === 3 && shown.target) this.#deletions.set(shown.target, (this.#deletions.get(shown.target) ?? new Set()).add(isMine));
    return shown;
  }

  /** Fill in what was sealed; of what was erased the signature is left to check. CannotVerify. */
  async #openSealed(row: Row, shown: Shown): Promise<Header> {
    const find = (header: Header) => this.#deviceKey(header, row.srv.recv_ms);
    if (shown.isErased) return (await verifySigned(row.envelope, uuidBytes(this.id), find)).header;
    const opened = await open(await suite(), row.envelope, uuidBytes(this.id), this.keys.encryption, find);
    shown.body = readBody(opened.body);
    shown.text = shown.body.text ?? "";
    return opened.header;
  }

  /** What a moderator needs to check one message, and nothing of any other (e2e section 3). CannotVerify. */
  async openForReport(shown: Shown): Promise<Report> {
    const find = (header: Header) => this.#deviceKey(header, shown.row.srv.recv_ms);
    const opened = await open(await suite(), shown.row.envelope, uuidBytes(this.id), this.keys.encryption, find);
    return makeReport(opened, shown.row.srv);
  }

  /** The sender's device key if one of its logs holds it and it was in force when the server received the message. */
  #deviceKey(header: Header, recvMs: number): Bytes | undefined {
    checkFrame(header, recvMs, uuidBytes(this.me), uuidBytes(this.peer));
    const isMine = equal(header.sender, uuidBytes(this.me));
    return (isMine ? this.#mine : this.#theirs)?.deviceKey(header.deviceKid, recvMs);
  }

  /** What the server says now of message `n` and of a page of those after it: a pushed message says nothing of its hold. */
  async lookUp(n: number): Promise<Row[]> {
    return (await this.#history(`?after_n=${n - 1}`)).results;
  }

  /** A new message: a text by default, which costs what a message costs now; other kinds cost nothing. */
  begin(message: NewMessage): Outgoing {
    return { ...message, id: uuid7(Date.now()), priceCenti: message.kind === 1 ? this.priceCenti : 0, envelope: null };
  }

  /**
   * Seal and send through `deliver`. Stale keys and a moved chain are mended and tried again with the same message
   * id; a changed price goes to the caller, who asks the person first.
   */
  async send(outgoing: Outgoing, deliver: (envelope: Envelope) => Promise<Ack>): Promise<Sent> {
    for (let attempt = 0; ; attempt++) {
      if (this.alarm) throw new CannotVerify(this.alarm);
      const wasKept = outgoing.envelope !== null;
      const envelope = outgoing.envelope ?? (await this.#seal(outgoing));
      try {
        const ack = await deliver(envelope);
        outgoing.envelope = null;
        return { shown: await this.absorb([acknowledged(envelope, ack)]), ack };
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        outgoing.envelope = isOpen(error, wasKept) ? envelope : null;
        if (error.code === "duplicate_msg_id") return { shown: await this.#guard(() => this.#catchUp()), ack: null };
        if (attempt >= 2 || !(await this.#mend(error, wasKept))) throw error;
      }
    }
  }

  /** Whether sending again can succeed now. */
  async #mend(problem: Problem, wasKept: boolean): Promise<boolean> {
    switch (problem.code) {
      case "rcpt_key_stale":
      case "rcpt_missing":
        await this.reloadPeer();
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
    if (this.alarm || !this.#theirs) throw new CannotVerify(this.alarm ?? "no_keys");
    const theirs = this.#theirs.encryptionKey(Date.now());
    const draft = {
      kind: outgoing.kind,
      ...(outgoing.target ? { target: decode64(outgoing.target) } : {}),
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
    return seal(await suite(), this.keys.device, draft, outgoing.body, [theirs.public, newestEncryption(this.#mine.log).public]);
  }

  /** The person goes on with the other one's new identity. The page is to be loaded again. */
  async acceptIdentity(): Promise<void> {
    if (this.#theirs) await acceptIdentity(this.me, this.#theirs);
  }

  /** Somebody's keys have changed: look again. CannotVerify where the new logs do not follow from what was seen. */
  reloadPeer(): Promise<void> {
    return this.#guard(() => this.#loadLogs());
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
