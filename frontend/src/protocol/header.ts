// The signed header (e2e section 2.1).
import { type Bytes, compare, concat, readUint, uint, utf8 } from "./bytes";

export interface Header {
  kind: number;
  conversation: Bytes;
  messageId: Bytes;
  sender: Bytes;
  recipient: Bytes;
  deviceKid: Bytes;
  sentMs: number;
  seq: number;
  seenN: number;
  seenHead: Bytes;
  priceCenti: number;
  commit: Bytes;
  ctHash: Bytes;
  boxes: { kid: Bytes; hash: Bytes }[];
  attachments: { hash: Bytes; length: number }[];
  target?: Bytes;
}

/** The message cannot be trusted; `code` says which check failed. */
export class CannotVerify extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

const MAGIC = "PLY1";
const WITH_TARGET = [2, 3, 4];

export type Context = Pick<Header, "kind" | "conversation" | "messageId" | "sender" | "recipient" | "deviceKid">;

/** ctx = header[0:102]. */
export function contextOf(h: Context): Bytes {
  return concat(utf8(MAGIC), uint(1, 1), uint(h.kind, 1), h.conversation, h.messageId, h.sender, h.recipient, h.deviceKid);
}

export function encodeHeader(h: Header): Bytes {
  return concat(
    contextOf(h),
    uint(h.sentMs, 8),
    uint(h.seq, 8),
    uint(h.seenN, 8),
    h.seenHead,
    uint(h.priceCenti, 4),
    h.priceCenti > 0 ? utf8("CRD") : new Uint8Array(3),
    h.commit,
    h.ctHash,
    uint(h.boxes.length, 1),
    ...h.boxes.map((box) => concat(box.kid, box.hash)),
    uint(h.attachments.length, 1),
    ...h.attachments.map((att) => concat(att.hash, uint(att.length, 8))),
    h.target ?? new Uint8Array(0),
  );
}

export function parseHeader(raw: Bytes): Header {
  if (raw.length < 231) throw new CannotVerify("hdr_length");
  if (new TextDecoder("latin1").decode(raw.subarray(0, 4)) !== MAGIC) throw new CannotVerify("hdr_magic");
  if (raw[4] !== 1) throw new CannotVerify("suite_unknown");
  const kind = raw[5] as number;
  if (kind < 1 || kind > 5) throw new CannotVerify("kind_unknown");
  const nBoxes = raw[229] as number;
  if (nBoxes < 1 || nBoxes > 8) throw new CannotVerify("rcpt_count");
  const at = 230 + 64 * nBoxes;
  const nAttachments = raw[at];
  if (nAttachments === undefined) throw new CannotVerify("hdr_length");
  if (nAttachments > 8) throw new CannotVerify("att_count");
  const end = at + 1 + 40 * nAttachments;
  if (raw.length !== end + (WITH_TARGET.includes(kind) ? 16 : 0)) throw new CannotVerify("hdr_length");
  const boxes = Array.from({ length: nBoxes }, (_, i) => ({
    kid: raw.slice(230 + 64 * i, 262 + 64 * i),
    hash: raw.slice(262 + 64 * i, 294 + 64 * i),
  }));
  for (let i = 1; i < boxes.length; i++) {
    if (compare(boxes[i - 1]!.kid, boxes[i]!.kid) >= 0) throw new CannotVerify("rcpt_order");
  }
  return {
    kind,
    conversation: raw.slice(6, 22),
    messageId: raw.slice(22, 38),
    sender: raw.slice(38, 54),
    recipient: raw.slice(54, 70),
    deviceKid: raw.slice(70, 102),
    sentMs: readUint(raw.subarray(102, 110)),
    seq: readUint(raw.subarray(110, 118)),
    seenN: readUint(raw.subarray(118, 126)),
    seenHead: raw.slice(126, 158),
    priceCenti: readUint(raw.subarray(158, 162)),
    commit: raw.slice(165, 197),
    ctHash: raw.slice(197, 229),
    boxes,
    attachments: Array.from({ length: nAttachments }, (_, i) => ({
      hash: raw.slice(at + 1 + 40 * i, at + 33 + 40 * i),
      length: readUint(raw.subarray(at + 33 + 40 * i, at + 41 + 40 * i)),
    })),
    ...(raw.length > end ? { target: raw.slice(end) } : {}),
  };
}
