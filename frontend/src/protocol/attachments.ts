// Attachments (e2e section 4): 1 MiB chunks, AES-256-GCM in the STREAM construction, a fresh key per file.
import { type Bytes, concat, label, uint, utf8 } from "./bytes";

const CHUNK_LOG2 = 20;
const CHUNK = 1 << CHUNK_LOG2;
const TAG = 16;
const HEADER = 12;

export class BadAttachment extends Error {}

function parameters(prefix: Bytes, index: number, isLast: boolean): AesGcmParams {
  return { name: "AES-GCM", iv: concat(prefix, uint(index, 4), uint(isLast ? 1 : 0, 1)), additionalData: label("att") };
}

export async function sealAttachment(data: Bytes, key: Bytes, prefix: Bytes): Promise<Bytes> {
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  const n = Math.max(1, Math.ceil(data.length / CHUNK));
  const chunks: Uint8Array[] = [];
  for (let i = 0; i < n; i++) {
    const chunk = data.slice(i * CHUNK, (i + 1) * CHUNK);
    chunks.push(new Uint8Array(await crypto.subtle.encrypt(parameters(prefix, i, i === n - 1), aes, chunk)));
  }
  return concat(utf8("PLA1"), prefix, uint(CHUNK_LOG2, 1), ...chunks);
}

export async function openAttachment(blob: Bytes, key: Bytes): Promise<Bytes> {
  const isOurs = new TextDecoder("latin1").decode(blob.subarray(0, 4)) === "PLA1" && blob[11] === CHUNK_LOG2;
  if (!isOurs || blob.length < HEADER + TAG) throw new BadAttachment("not an attachment");
  const aes = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  const prefix = blob.slice(4, 11);
  const body = blob.slice(HEADER);
  const n = Math.ceil(body.length / (CHUNK + TAG));
  const chunks: Uint8Array[] = [];
  for (let i = 0; i < n; i++) {
    const chunk = body.slice(i * (CHUNK + TAG), (i + 1) * (CHUNK + TAG));
    try {
      chunks.push(new Uint8Array(await crypto.subtle.decrypt(parameters(prefix, i, i === n - 1), aes, chunk)));
    } catch {
      throw new BadAttachment("a chunk does not open");
    }
  }
  return concat(...chunks);
}
