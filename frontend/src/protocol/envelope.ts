// Sealing and opening (e2e sections 2.2, 2.3, 2.6).
import type { CipherSuite, Key } from "hpke";
import { type Bytes, compare, concat, decode64, encode64, equal, label, random, readUint, sha256, uint, utf8 } from "./bytes";
import { CannotVerify, contextOf, encodeHeader, type Header, parseHeader } from "./header";
import { keyId, type Signer, verify } from "./signing";

export interface Envelope {
  v: 1;
  hdr: string;
  sig: string;
  ct: string;
  boxes: string[];
}

export interface EncryptionKey {
  kid: Bytes;
  key: Key;
}

/** An attachment as its message names it; `key` opens the blob, and only this body holds it. */
export interface AttachmentPart {
  sha256: string;
  len: number;
  key: string;
  mime: string;
  name: string;
  w?: number;
  h?: number;
  /** How long a recording is: its file does not say. */
  ms?: number;
}

/** What is sealed: `t` is "text" or "reaction"; a deletion is empty. `auto` says what sent an automatic message. */
export interface Body {
  t?: string;
  text?: string;
  re?: string;
  att?: AttachmentPart[];
  auto?: "welcome" | "scheduled" | "broadcast";
}

/** What is to be sealed: kind 1 message, 2 edit, 3 deletion, 4 reaction, 5 automatic; `target` for 2 to 4. */
export interface NewMessage {
  kind: 1 | 2 | 3 | 4 | 5;
  body: Body;
  target?: string;
}

export interface Opened {
  header: Header;
  hdr: Bytes;
  sig: Bytes;
  body: Bytes;
  frankKey: Bytes;
}

const GCM = "AES-GCM";
const ENC = 1120;

export async function commitment(frankKey: Bytes, ctx: Bytes, body: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", frankKey, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, concat(label("frank"), ctx, body)));
}

function pad(data: Bytes): Bytes {
  const size = data.length <= 256 ? 256 : data.length <= 512 ? 512 : Math.ceil(data.length / 1024) * 1024;
  return concat(data, new Uint8Array(size - data.length));
}

export type Draft = Omit<Header, "commit" | "ctHash" | "boxes" | "attachments" | "deviceKid">;

/** Seal `content` for X-Wing public keys of both users; the header names its attachments in their order. */
export async function seal(suite: CipherSuite, device: Signer, draft: Draft, content: Body, recipients: Bytes[]): Promise<Envelope> {
  const body = utf8(JSON.stringify(content));
  const ctx = contextOf({ ...draft, deviceKid: device.kid });
  const frankKey = random(32);
  const contentKey = random(32);
  const nonce = random(12);
  const aes = await crypto.subtle.importKey("raw", contentKey, GCM, false, ["encrypt"]);
  const padded = pad(concat(frankKey, uint(body.length, 4), body));
  const parameters = { name: GCM, iv: nonce, additionalData: concat(label("body"), ctx) };
  const ct = concat(nonce, new Uint8Array(await crypto.subtle.encrypt(parameters, aes, padded)));
  const boxes = await Promise.all(recipients.map(async (publicKey) => {
    const kid = await keyId(2, publicKey);
    const key = await suite.DeserializePublicKey(publicKey);
    const sealed = await suite.Seal(key, contentKey, { info: concat(label("box"), ctx, kid) });
    return { kid, box: concat(sealed.encapsulatedSecret, sealed.ciphertext) };
  }));
  boxes.sort((a, b) => compare(a.kid, b.kid));
  const hdr = encodeHeader({
    ...draft,
    deviceKid: device.kid,
    commit: await commitment(frankKey, ctx, body),
    ctHash: await sha256(ct),
    boxes: await Promise.all(boxes.map(async ({ kid, box }) => ({ kid, hash: await sha256(box) }))),
    attachments: (content.att ?? []).map((one) => ({ hash: decode64(one.sha256), length: one.len })),
  });
  const sig = await device.sign(concat(label("msg"), hdr));
  return { v: 1, hdr: encode64(hdr), sig: encode64(sig), ct: encode64(ct), boxes: boxes.map(({ box }) => encode64(box)) };
}

/** The header, if its device signed it for this conversation: what stays of a message that was erased. CannotVerify. */
export async function verifySigned(envelope: Envelope, conversation: Bytes, findDevice: (header: Header) => Bytes | undefined): Promise<Pick<Opened, "header" | "hdr" | "sig">> {
  const hdr = decode64(envelope.hdr);
  const sig = decode64(envelope.sig);
  const header = parseHeader(hdr);
  if (!equal(header.conversation, conversation)) throw new CannotVerify("conv_mismatch");
  const device = findDevice(header);
  if (!device) throw new CannotVerify("sig_key_unknown");
  if (!(await verify(device, sig, concat(label("msg"), hdr)))) throw new CannotVerify("sig_invalid");
  return { header, hdr, sig };
}

/**
 * Every check of section 2.6 but the place in the chain, or CannotVerify. `findDevice` looks in the sender's
 * verified key log.
 */
export async function open(
  suite: CipherSuite, envelope: Envelope, conversation: Bytes, keys: EncryptionKey[],
  findDevice: (header: Header) => Bytes | undefined,
): Promise<Opened> {
  const { header, hdr, sig } = await verifySigned(envelope, conversation, findDevice);
  const ct = decode64(envelope.ct);
  if (!equal(await sha256(ct), header.ctHash)) throw new CannotVerify("ct_hash");
  if (envelope.boxes.length !== header.boxes.length) throw new CannotVerify("rcpt_count");
  const boxes = envelope.boxes.map((box) => decode64(box));
  for (const [i, box] of boxes.entries()) {
    if (!equal(await sha256(box), header.boxes[i]!.hash)) throw new CannotVerify("box_hash");
  }
  const { frankKey, body } = await decrypt(suite, header, ct, boxes, keys);
  if (!equal(await commitment(frankKey, contextOf(header), body), header.commit)) throw new CannotVerify("commit_mismatch");
  checkAttachments(header, body);
  return { header, hdr, sig, body, frankKey };
}

async function decrypt(suite: CipherSuite, header: Header, ct: Bytes, boxes: Bytes[], keys: EncryptionKey[]) {
  const ctx = contextOf(header);
  for (const [i, ref] of header.boxes.entries()) {
    const mine = keys.find((candidate) => equal(candidate.kid, ref.kid));
    if (!mine) continue;
    const box = boxes[i] as Bytes;
    let plain: Bytes;
    try {
      const info = concat(label("box"), ctx, ref.kid);
      const contentKey = await suite.Open(mine.key, box.subarray(0, ENC), box.subarray(ENC), { info });
      const aes = await crypto.subtle.importKey("raw", contentKey as Bytes, GCM, false, ["decrypt"]);
      const parameters = { name: GCM, iv: ct.slice(0, 12), additionalData: concat(label("body"), ctx) };
      plain = new Uint8Array(await crypto.subtle.decrypt(parameters, aes, ct.slice(12)));
    } catch {
      throw new CannotVerify("decrypt_failed");
    }
    const length = readUint(plain.subarray(32, 36));
    if (36 + length > plain.length || plain.subarray(36 + length).some((byte) => byte !== 0)) throw new CannotVerify("bad_padding");
    return { frankKey: plain.slice(0, 32), body: plain.slice(36, 36 + length) };
  }
  throw new CannotVerify("no_box_for_me");
}

function checkAttachments(header: Header, body: Bytes): void {
  try {
    const inside = readBody(body).att ?? [];
    const same = inside.length === header.attachments.length && inside.every((row, i) => {
      const outside = header.attachments[i]!;
      return row.len === outside.length && equal(decode64(row.sha256), outside.hash);
    });
    if (same) return;
  } catch {
    // not JSON: falls through
  }
  throw new CannotVerify("att_mismatch");
}

export function readBody(body: Bytes): Body {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as Body;
}
