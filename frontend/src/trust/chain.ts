// What this device knows of a conversation's chain beyond the page it loads: heads that it saw on earlier visits, heads
// that the other one signed as seen, ids and numbers that cannot come twice (e2e sections 2.5, 2.6). No network here.
import { type Bytes, encode64, equal } from "../protocol/bytes";
import { CannotVerify, type Header } from "../protocol/header";
import type { Point } from "./store";

/** How far the times of writing and receiving may be apart: the server lets clocks be off by five minutes. */
const APART_MS = 10 * 60 * 1000;

interface Counted {
  n: number;
  seq: number;
}

export class ChainMemory {
  #heads = new Map<number, string>();
  /** Heads that somebody vouches for and that are not loaded yet: the code of what it means when they differ. */
  #awaited = new Map<number, { head: string; code: string }>();
  #ids = new Map<string, number>();
  /** The first and last message of each device in what is loaded. */
  #oldest = new Map<string, Counted>();
  #newest = new Map<string, Counted>();
  readonly pinnedN: number;

  /** `points` are what an earlier visit verified. */
  constructor(points: Point[]) {
    for (const { n, head } of points) this.#awaited.set(n, { head, code: "history_fork" });
    this.pinnedN = Math.max(0, ...points.map(({ n }) => n));
  }

  /** The chain goes through `head` at `n`. CannotVerify where that is not what was seen or signed before. */
  pass(n: number, head: Bytes): void {
    const text = encode64(head);
    const awaited = this.#awaited.get(n);
    if (awaited && awaited.head !== text) throw new CannotVerify(awaited.code);
    this.#awaited.delete(n);
    this.#heads.set(n, text);
  }

  /** Whether the server says again what it said of message `n`. */
  isKnown(n: number, head: string): boolean {
    const there = this.#heads.get(n);
    return there === undefined || there === head;
  }

  /** A verified message says what its writer had seen: it must be on this chain, and before the message. */
  claim(header: Header, n: number): void {
    const head = encode64(header.seenHead);
    if (header.seenN >= n) throw new CannotVerify("seen_head");
    const known = this.#heads.get(header.seenN) ?? this.#awaited.get(header.seenN)?.head;
    if (known !== undefined && known !== head) throw new CannotVerify("seen_head");
    if (known === undefined) this.#awaited.set(header.seenN, { head, code: "seen_head" });
  }

  /** The next message: its id is new, and its device counts its messages one by one. */
  count(header: Header, n: number): void {
    const id = encode64(header.messageId);
    const other = this.#ids.get(id);
    if (other !== undefined && other !== n) throw new CannotVerify("duplicate_msg_id");
    this.#ids.set(id, n);
    const device = encode64(header.deviceKid);
    const [oldest, newest] = [this.#oldest.get(device), this.#newest.get(device)];
    const here = { n, seq: header.seq };
    if (!newest || !oldest) {
      this.#oldest.set(device, here);
      this.#newest.set(device, here);
    } else {
      if (header.seq !== newest.seq + 1) throw new CannotVerify("seq");
      this.#newest.set(device, here);
    }
  }

  /** A page before what was there: its devices end where those that were there begin. */
  countOlder(headers: [Header, number][]): void {
    const page = new ChainMemory([]);
    for (const [header, n] of headers) {
      const id = encode64(header.messageId);
      if (this.#ids.has(id)) throw new CannotVerify("duplicate_msg_id");
      page.count(header, n);
    }
    for (const [device, last] of page.#newest) {
      const next = this.#oldest.get(device);
      if (next && next.seq !== last.seq + 1) throw new CannotVerify("seq");
      if (!next) this.#newest.set(device, last);
    }
    for (const [device, first] of page.#oldest) this.#oldest.set(device, first);
    for (const [id, n] of page.#ids) this.#ids.set(id, n);
  }

  /** Nothing comes before: every device began with 1. */
  begin(): void {
    for (const { seq } of this.#oldest.values()) if (seq !== 1) throw new CannotVerify("seq");
  }

  /** What to keep for the next visit: the newest head, and what could not be checked yet. */
  points(n: number, head: Bytes): Point[] {
    const open = [...this.#awaited].filter(([at, { code }]) => code === "history_fork" && at < n).map(([at, one]) => ({ n: at, head: one.head }));
    return [...open.slice(-8), { n, head: encode64(head) }];
  }
}

/** What belongs to the time and the people of a message, beside its signature. */
export function checkFrame(header: Header, recvMs: number, me: Bytes, peer: Bytes): void {
  const isMine = equal(header.sender, me);
  if (!equal(header.sender, isMine ? me : peer) || !equal(header.recipient, isMine ? peer : me)) throw new CannotVerify("sender_mismatch");
  if (Math.abs(recvMs - header.sentMs) > APART_MS) throw new CannotVerify("clock_skew");
}
