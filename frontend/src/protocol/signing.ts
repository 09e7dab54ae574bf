// Ed25519 through WebCrypto.
import { type Bytes, concat, sha256, uint } from "./bytes";

const ED25519 = { name: "Ed25519" };
const PKCS8_PREFIX = Uint8Array.from([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]); // RFC 8410

export interface Signer {
  kid: Bytes;
  public: Bytes;
  sign(message: Uint8Array): Promise<Bytes>;
}

export function keyId(alg: number, publicKey: Uint8Array): Promise<Bytes> {
  return sha256(uint(alg, 1), publicKey);
}

export async function verify(publicKey: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  const key = await crypto.subtle.importKey("raw", publicKey, ED25519, false, ["verify"]);
  return crypto.subtle.verify(ED25519, key, signature, message);
}

export async function signerOf(pair: CryptoKeyPair): Promise<Signer> {
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return {
    kid: await keyId(1, publicKey),
    public: publicKey,
    sign: async (message) => new Uint8Array(await crypto.subtle.sign(ED25519, pair.privateKey, concat(message))),
  };
}

/** A device key: its private half never leaves the browser's key store. */
export async function newDevicePair(): Promise<CryptoKeyPair> {
  return (await crypto.subtle.generateKey(ED25519, false, ["sign", "verify"])) as CryptoKeyPair;
}

/** The 32-byte seed of a new identity key. */
export async function newSeed(): Promise<Bytes> {
  const pair = (await crypto.subtle.generateKey(ED25519, true, ["sign", "verify"])) as CryptoKeyPair;
  return new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey)).slice(-32);
}

/** A signer from its seed; the public half comes out of the JWK export. */
export async function signerFromSeed(seed: Bytes): Promise<Signer> {
  const pkcs8 = concat(PKCS8_PREFIX, seed);
  const readable = await crypto.subtle.importKey("pkcs8", pkcs8, ED25519, true, ["sign"]);
  const jwk = await crypto.subtle.exportKey("jwk", readable);
  const publicKey = await crypto.subtle.importKey("jwk", { kty: "OKP", crv: "Ed25519", x: jwk.x as string }, ED25519, true, ["verify"]);
  return signerOf({ privateKey: await crypto.subtle.importKey("pkcs8", pkcs8, ED25519, false, ["sign"]), publicKey });
}
