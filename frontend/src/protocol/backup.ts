// The key backup (e2e section 4): slots wrap a master key; the master key wraps identity and keyring.
import { type Bytes, concat, decode64, encode64, label, random, uint, utf8 } from "./bytes";

export interface Slot {
  type: string;
  salt: string;
  wrapped: string;
  m?: number;
  t?: number;
  p?: number;
}

export interface BackupFile {
  format: "pairly-keys";
  v: 1;
  user_id: string;
  gen: string;
  version: number;
  slots: Slot[];
  identity: string;
  keyring: string;
}

export class BackupError extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

export interface OpenedBackup {
  identitySeed: Bytes;
  seeds: Bytes[];
  keyringKey: CryptoKey;
}

export type Secret = { recovery: Bytes } | { passphrase: string };

const GCM = "AES-GCM";

function aesKey(raw: Bytes, usages: KeyUsage[] = ["encrypt", "decrypt"]): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", raw, GCM, false, usages);
}

async function wrap(key: CryptoKey, data: Bytes, aad: Bytes): Promise<string> {
  const iv = random(12);
  return encode64(concat(iv, new Uint8Array(await crypto.subtle.encrypt({ name: GCM, iv, additionalData: aad }, key, data))));
}

async function unwrap(key: CryptoKey, text: string, aad: Bytes, code: string): Promise<Bytes> {
  const raw = decode64(text);
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: GCM, iv: raw.slice(0, 12), additionalData: aad }, key, raw.slice(12)));
  } catch {
    throw new BackupError(code);
  }
}

async function hkdf(secret: Bytes, salt: Bytes, name: string): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  return aesKey(new Uint8Array(await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info: label(name) }, base, 256)));
}

async function slotKey(slot: Slot, secret: Secret): Promise<CryptoKey> {
  const salt = decode64(slot.salt);
  if ("recovery" in secret) return hkdf(secret.recovery, salt, "recovery");
  const { m = 0, t = 0, p = 0 } = slot;
  const isWithin = m >= 19456 && m <= 262144 && t >= 2 && t <= 10 && p >= 1 && p <= 4;
  if (!isWithin || ![m, t, p].every(Number.isInteger)) throw new BackupError("kdf_bounds");
  const { argon2id } = await import("./argon2");
  const password = utf8(secret.passphrase.normalize("NFC"));
  return aesKey((await argon2id({ password, salt, memorySize: m, iterations: t, parallelism: p, hashLength: 32, outputType: "binary" })) as Bytes);
}

async function openMaster(file: BackupFile, place: Bytes, secret: Secret): Promise<Bytes> {
  const type = "recovery" in secret ? "recovery" : "argon2id";
  const slots = file.slots.filter((slot) => slot.type === type);
  if (slots.length === 0) throw new BackupError("slot_unknown");
  for (const slot of slots) {
    const key = await slotKey(slot, secret);
    try {
      return await unwrap(key, slot.wrapped, concat(label("slot"), place), "wrong_secret");
    } catch (error) {
      if (!(error instanceof BackupError)) throw error;
    }
  }
  throw new BackupError("wrong_secret");
}

export async function openBackup(file: BackupFile, secret: Secret): Promise<OpenedBackup> {
  const place = concat(decode64(file.user_id), decode64(file.gen));
  const master = await openMaster(file, place, secret);
  const none = new Uint8Array(0);
  const identityKey = await hkdf(master, none, "identity-key");
  const identitySeed = await unwrap(identityKey, file.identity, concat(label("identity"), place), "backup_damaged");
  const keyringKey = await hkdf(master, none, "keyring-key");
  return { identitySeed, seeds: await openKeyring(file, keyringKey), keyringKey };
}

/** What a device does that keeps only the keyring key. */
export async function openKeyring(file: BackupFile, keyringKey: CryptoKey): Promise<Bytes[]> {
  const place = concat(decode64(file.user_id), decode64(file.gen));
  const raw = await unwrap(keyringKey, file.keyring, concat(label("keyring"), place, uint(file.version, 4)), "backup_damaged");
  const keyring = JSON.parse(new TextDecoder().decode(raw)) as { enc: string[] };
  return keyring.enc.map((seed) => decode64(seed));
}

/** A first backup, opened by the recovery code. */
export async function createBackup(user: Bytes, version: number, identitySeed: Bytes, seeds: Bytes[], recovery: Bytes): Promise<[BackupFile, CryptoKey]> {
  const master = random(32);
  const gen = random(16);
  const place = concat(user, gen);
  const salt = random(16);
  const none = new Uint8Array(0);
  const keyringKey = await hkdf(master, none, "keyring-key");
  const keyring = utf8(JSON.stringify({ enc: seeds.map((seed) => encode64(seed)) }));
  const file: BackupFile = {
    format: "pairly-keys",
    v: 1,
    user_id: encode64(user),
    gen: encode64(gen),
    version,
    slots: [{ type: "recovery", salt: encode64(salt), wrapped: await wrap(await hkdf(recovery, salt, "recovery"), master, concat(label("slot"), place)) }],
    identity: await wrap(await hkdf(master, none, "identity-key"), identitySeed, concat(label("identity"), place)),
    keyring: await wrap(keyringKey, keyring, concat(label("keyring"), place, uint(version, 4))),
  };
  return [file, keyringKey];
}
