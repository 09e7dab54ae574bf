// Bytes of the wire (e2e section 1): big-endian integers, canonical base64url, labels, SHA-256.

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

export function utf8(text: string): Bytes {
  return encoder.encode(text) as Bytes;
}

export function concat(...parts: Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function uint(value: number, length: number): Bytes {
  const out = new Uint8Array(length);
  let rest = BigInt(value);
  for (let i = length - 1; i >= 0; i--, rest >>= 8n) out[i] = Number(rest & 255n);
  return out;
}

/** A big-endian integer; throws RangeError above 2^53. */
export function readUint(bytes: Uint8Array): number {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError("integer too large");
  return Number(value);
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

export function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export class BadBase64 extends Error {}

export function encode64(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Unpadded base64url with canonical trailing bits, else BadBase64. */
export function decode64(text: unknown): Bytes {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]*$/.test(text)) throw new BadBase64("bad_base64");
  let binary: string;
  try {
    binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    throw new BadBase64("bad_base64");
  }
  const out = Uint8Array.from(binary, (c) => c.charCodeAt(0));
  if (encode64(out) !== text) throw new BadBase64("bad_base64");
  return out;
}

/** L(name): domain separation. */
export function label(name: string): Bytes {
  return concat(utf8(`pairly/e2e/1/${name}`), new Uint8Array(1));
}

export async function sha256(...parts: Uint8Array[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));
}

export function random(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

export function uuidBytes(uuid: string): Bytes {
  return Uint8Array.from(uuid.replaceAll("-", "").match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function uuidText(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** UUIDv7 (RFC 9562 section 5.7). */
export function uuid7(nowMs: number): Bytes {
  const out = concat(uint(nowMs, 6), random(10));
  out[6] = ((out[6] as number) & 0x0f) | 0x70;
  out[8] = ((out[8] as number) & 0x3f) | 0x80;
  return out;
}
