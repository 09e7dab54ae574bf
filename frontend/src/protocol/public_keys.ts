// The form of public keys, and the weak ones (e2e section 1). The server refuses them too; a client takes nobody's word.
import type { Bytes } from "./bytes";
import { CannotVerify } from "./header";

const LENGTHS: Record<number, number> = { 1: 32, 2: 1216 };
const MLKEM_PUBLIC = 1184;
const MLKEM_Q = 3329;

// The encodings of the eight points of small order of edwards25519, canonical and not, without the sign bit (Chalkias
// et al., "Taming the many EdDSAs", table 1): verifiers disagree on signatures of these.
const SMALL_ORDER_Y = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

/** CannotVerify: `bad_key_length`, `weak_key` (small order) or `bad_key` (encoding of ML-KEM). */
export function checkPublicKey(alg: number, key: Bytes): void {
  if (key.length !== LENGTHS[alg]) throw new CannotVerify("bad_key_length");
  if (alg === 1 && SMALL_ORDER_Y.has(yOf(key))) throw new CannotVerify("weak_key");
  if (alg === 2 && !isMlKem(key)) throw new CannotVerify("bad_key");
}

function yOf(key: Bytes): string {
  return Array.from(key, (byte, i) => (i === 31 ? byte & 0x7f : byte).toString(16).padStart(2, "0")).join("");
}

/** FIPS 203 section 7.2, the modulus check: every 12-bit coefficient is below q. */
function isMlKem(key: Bytes): boolean {
  for (let i = 0; i < MLKEM_PUBLIC - 32; i += 3) {
    const [a, b, c] = [key[i] as number, key[i + 1] as number, key[i + 2] as number];
    if ((a | ((b & 0x0f) << 8)) >= MLKEM_Q || ((b >> 4) | (c << 4)) >= MLKEM_Q) return false;
  }
  return true;
}
