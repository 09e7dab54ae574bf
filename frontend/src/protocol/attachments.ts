// Attachments (e2e section 4): 1 MiB chunks, AES-256-GCM in the STREAM construction, a fresh key per file. Chunk by
// chunk from a Blob: the browser works on each beside the page, and no step holds more than one.
import { type Bytes, concat, label, uint, utf8 } from "./bytes";

const CHUNK_LOG2 = 20;
const CHUNK = 1 << CHUNK_LOG2;
const TAG = 16;
const HEADER = 12;

export class BadAttachment extends Error {}

/** How many bytes the blob of a file has. */
export const sealedLength = (length: number): number => HEADER + length + TAG * Math.max(1, Math.ceil(length / CHUNK));

function parameters(prefix: Bytes, index: number, isLast: boolean): AesGcmParams {
  return { name: "AES-GCM", iv: concat(prefix, uint(index, 4), uint(isLast ? 1 : 0, 1)), additionalData: label("att") };
}

/** The blob of `file` under a key of its own: 32 random bytes, and 7 for the prefix. */
export async function sealFile(file: Blob, key: Bytes, prefix: Bytes): Promise<Blob> {
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  const n = Math.max(1, Math.ceil(file.size / CHUNK));
  const pieces: BlobPart[] = [concat(utf8("PLA1"), prefix, uint(CHUNK_LOG2, 1))];
  for (let i = 0; i < n; i++) {
    const chunk = await file.slice(i * CHUNK, (i + 1) * CHUNK).arrayBuffer();
    pieces.push(new Blob([await crypto.subtle.encrypt(parameters(prefix, i, i === n - 1), aes, chunk)]));
  }
  return new Blob(pieces);
}

/** The file of a blob, as `type`. Throws BadAttachment for anything but the whole blob in order, under this key. */
export async function openFile(blob: Blob, key: Bytes, type = ""): Promise<Blob> {
  const header = new Uint8Array(await blob.slice(0, HEADER).arrayBuffer());
  const isOurs = new TextDecoder("latin1").decode(header.subarray(0, 4)) === "PLA1" && header[11] === CHUNK_LOG2;
  if (!isOurs || blob.size < HEADER + TAG) throw new BadAttachment("not an attachment");
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  const prefix = header.slice(4, 11);
  const n = Math.ceil((blob.size - HEADER) / (CHUNK + TAG));
  const pieces: BlobPart[] = [];
  for (let i = 0; i < n; i++) {
    const at = HEADER + i * (CHUNK + TAG);
    const chunk = await blob.slice(at, at + CHUNK + TAG).arrayBuffer();
    try {
      pieces.push(new Blob([await crypto.subtle.decrypt(parameters(prefix, i, i === n - 1), aes, chunk)]));
    } catch {
      throw new BadAttachment("a chunk does not open");
    }
  }
  return new Blob(pieces, { type });
}

const bytesOf = async (blob: Blob): Promise<Bytes> => new Uint8Array(await blob.arrayBuffer());

export async function sealAttachment(data: Bytes, key: Bytes, prefix: Bytes): Promise<Bytes> {
  return bytesOf(await sealFile(new Blob([data]), key, prefix));
}

export async function openAttachment(blob: Bytes, key: Bytes): Promise<Bytes> {
  return bytesOf(await openFile(new Blob([blob]), key));
}
