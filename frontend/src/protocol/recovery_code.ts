// 16 bytes as Crockford base32: 26 symbols and a check symbol, in groups (e2e section 4).
import { type Bytes } from "./bytes";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHECK = `${ALPHABET}*~$=U`;

export function encodeRecovery(code: Bytes): string {
  let number = 0n;
  for (const byte of code) number = (number << 8n) | BigInt(byte);
  let digits = "";
  for (let i = 25n; i >= 0n; i--) digits += ALPHABET[Number((number >> (5n * i)) & 31n)];
  digits += CHECK[Number(number % 37n)];
  return (digits.match(/.{1,6}/g) as string[]).join("-");
}

/** The 16 bytes, or null when the code was mistyped. Case, spaces, hyphens, O/0 and I/L/1 do not matter. */
export function decodeRecovery(text: string): Bytes | null {
  const clean = text.replace(/[\s-]/g, "").toUpperCase();
  const body = clean.slice(0, -1).replaceAll("O", "0").replace(/[IL]/g, "1");
  if (body.length !== 26) return null;
  let number = 0n;
  for (const symbol of body) {
    const value = ALPHABET.indexOf(symbol);
    if (value < 0) return null;
    number = (number << 5n) | BigInt(value);
  }
  if (number >> 128n !== 0n || CHECK[Number(number % 37n)] !== clean.slice(-1)) return null;
  return Uint8Array.from({ length: 16 }, (_, i) => Number((number >> BigInt(8 * (15 - i))) & 255n));
}
