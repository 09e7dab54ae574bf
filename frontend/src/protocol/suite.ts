// HPKE base 0x647A / 0x0001 / 0x0002: native where the browser has X-Wing, else the noble fallback.
import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_MLKEM768_X25519 } from "hpke";

let chosen: Promise<CipherSuite> | undefined;

export function suite(): Promise<CipherSuite> {
  chosen ??= choose();
  return chosen;
}

async function choose(): Promise<CipherSuite> {
  try {
    const native = nativeSuite();
    const pair = await native.DeriveKeyPair(new Uint8Array(32), true);
    await native.SerializePublicKey(pair.publicKey);
    return native;
  } catch {
    return nobleSuite();
  }
}

export function nativeSuite(): CipherSuite {
  return new CipherSuite(KEM_MLKEM768_X25519, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
}

export async function nobleSuite(): Promise<CipherSuite> {
  const noble = await import("./noble");
  return new CipherSuite(noble.KEM_MLKEM768_X25519, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
}
