// The safety number of two people: 60 digits that change only with an identity key (e2e section 4).
import { type Bytes, concat, readUint } from "./bytes";

const ROUNDS = 5200;
/** Rounds without a break. Answers of WebCrypto come as microtasks: without one, all of them are one task of 130 ms. */
const AT_ONCE = 400;

async function fingerprint(identity: Bytes, user: Bytes): Promise<string> {
  let digest: Bytes = concat(new Uint8Array(2), identity, user);
  for (let i = 1; i <= ROUNDS; i++) {
    digest = new Uint8Array(await crypto.subtle.digest("SHA-512", concat(digest, identity)));
    if (i % AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  const groups = Array.from({ length: 6 }, (_, i) => readUint(digest.subarray(5 * i, 5 * i + 5)) % 100_000);
  return groups.map((group) => String(group).padStart(5, "0")).join("");
}

export async function safetyNumber(a: [identity: Bytes, user: Bytes], b: [identity: Bytes, user: Bytes]): Promise<string> {
  return (await Promise.all([fingerprint(...a), fingerprint(...b)])).sort().join("");
}
