// The chain of a conversation and its receipts (e2e section 2.5).
import { type Bytes, compare, concat, decode64, equal, label, sha256, uint } from "./bytes";
import { CannotVerify } from "./header";
import { verify } from "./signing";

export interface Srv {
  n: number;
  recv_ms: number;
  prev: string;
  head: string;
  skid: string;
  receipt: string;
}

export function firstHead(conversation: Bytes, a: Bytes, b: Bytes): Promise<Bytes> {
  const [low, high] = compare(a, b) < 0 ? [a, b] : [b, a];
  return sha256(label("chain0"), conversation, low, high);
}

export function nextHead(previous: Bytes, n: number, recvMs: number, hdrHash: Bytes, sig: Bytes): Promise<Bytes> {
  return sha256(label("chain"), previous, uint(n, 8), uint(recvMs, 8), hdrHash, sig);
}

/** Check a message's place after `previous` (its own `prev` when null: the start of a loaded page); the new head. */
export async function verifyPlace(
  conversation: Bytes, srv: Srv, previous: Bytes | null, hdr: Bytes, sig: Bytes, serverKeys: Map<string, Bytes>,
): Promise<Bytes> {
  const before = decode64(srv.prev);
  if (previous !== null && !equal(previous, before)) throw new CannotVerify("chain_mismatch");
  const hdrHash = await sha256(hdr);
  const head = await nextHead(before, srv.n, srv.recv_ms, hdrHash, sig);
  if (!equal(head, decode64(srv.head))) throw new CannotVerify("chain_mismatch");
  const key = serverKeys.get(srv.skid);
  const message = concat(label("receipt"), conversation, uint(srv.n, 8), uint(srv.recv_ms, 8), hdrHash, head);
  if (!key || !(await verify(key, decode64(srv.receipt), message))) throw new CannotVerify("receipt_invalid");
  return head;
}
