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
  /** What slots wrap; kept only as long as a change of the file takes. */
  master: Bytes;
  identitySeed: Bytes;
  seeds: Bytes[];
  keyringKey: CryptoKey;
}

export type Secret = { recovery: Bytes } | { passphrase: string };

const GCM = "AES-GCM";
/** What a new passphrase is stretched by: 64 MiB, about half a second. */
const ARGON2 = { m: 65536, t: 3, p: 1 };

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

async function derive(secret: Bytes, salt: Bytes, name: string): Promise<Bytes> {
  const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info: label(name) }, base, 256));
}

async function hkdf(secret: Bytes, salt: Bytes, name: string): Promise<CryptoKey> {
  return aesKey(await derive(secret, salt, name));
}

/** The keyring key as bytes, to be sealed to a new device; devices keep it as `importKeyringKey` makes it. */
export const keyringKeyBytes = (master: Bytes): Promise<Bytes> => derive(master, new Uint8Array(0), "keyring-key");

/** A keyring key that cannot be read out again. */
export const importKeyringKey = (raw: Bytes): Promise<CryptoKey> => aesKey(raw);

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

const placeOf = (file: Pick<BackupFile, "user_id" | "gen">): Bytes => concat(decode64(file.user_id), decode64(file.gen));
const NONE = new Uint8Array(0);

export async function openBackup(file: BackupFile, secret: Secret): Promise<OpenedBackup> {
  const place = placeOf(file);
  const master = await openMaster(file, place, secret);
  const identityKey = await hkdf(master, NONE, "identity-key");
  const identitySeed = await unwrap(identityKey, file.identity, concat(label("identity"), place), "backup_damaged");
  const keyringKey = await hkdf(master, NONE, "keyring-key");
  return { master, identitySeed, seeds: await openKeyring(file, keyringKey), keyringKey };
}

/** What a device does that keeps only the keyring key. */
export async function openKeyring(file: BackupFile, keyringKey: CryptoKey): Promise<Bytes[]> {
  const raw = await unwrap(keyringKey, file.keyring, concat(label("keyring"), placeOf(file), uint(file.version, 4)), "backup_damaged");
  const keyring = JSON.parse(new TextDecoder().decode(raw)) as { enc: string[] };
  return keyring.enc.map((seed) => decode64(seed));
}

/** The file with another version and other encryption keys, the newest last; ways in and identity stay. No secret is asked. */
export async function withSeeds(file: BackupFile, keyringKey: CryptoKey, version: number, seeds: Bytes[]): Promise<BackupFile> {
  const keyring = utf8(JSON.stringify({ enc: seeds.map((seed) => encode64(seed)) }));
  return { ...file, version, keyring: await wrap(keyringKey, keyring, concat(label("keyring"), placeOf(file), uint(version, 4))) };
}

/** The file with this secret as the only one of its kind, one version on. The others stay as they are. */
export async function withSecret(file: BackupFile, opened: OpenedBackup, secret: Secret): Promise<BackupFile> {
  const type = typeOf(secret);
  const slots = [...file.slots.filter((slot) => slot.type !== type), await newSlot(secret, opened.master, placeOf(file))];
  return withSeeds({ ...file, slots }, opened.keyringKey, file.version + 1, opened.seeds);
}

export const typeOf = (secret: Secret): string => ("recovery" in secret ? "recovery" : "argon2id");

async function newSlot(secret: Secret, master: Bytes, place: Bytes): Promise<Slot> {
  const empty: Slot = { type: typeOf(secret), ...("recovery" in secret ? {} : ARGON2), salt: encode64(random(16)), wrapped: "" };
  return { ...empty, wrapped: await wrap(await slotKey(empty, secret), master, concat(label("slot"), place)) };
}

/** New master key and generation, opened by `secret` alone: whoever knew the keys of before cannot open it. */
export async function createBackup(user: Bytes, version: number, identitySeed: Bytes, seeds: Bytes[], secret: Secret): Promise<[BackupFile, CryptoKey]> {
  const master = random(32);
  const place = concat(user, random(16));
  const file: BackupFile = {
    format: "pairly-keys",
    v: 1,
    user_id: encode64(user),
    gen: encode64(place.slice(user.length)),
    version,
    slots: [await newSlot(secret, master, place)],
    identity: await wrap(await hkdf(master, NONE, "identity-key"), identitySeed, concat(label("identity"), place)),
    keyring: "",
  };
  const keyringKey = await hkdf(master, NONE, "keyring-key");
  return [await withSeeds(file, keyringKey, version, seeds), keyringKey];
}

/** A key file that somebody chose, or BackupError('not_a_key_file', 'other_account'). */
export function parseFile(text: string, user: Bytes): BackupFile {
  let file: Partial<BackupFile> | null;
  try {
    file = JSON.parse(text) as Partial<BackupFile> | null;
  } catch {
    throw new BackupError("not_a_key_file");
  }
  const texts = [file?.user_id, file?.gen, file?.identity, file?.keyring];
  const isOne = file?.format === "pairly-keys" && file.v === 1 && Number.isInteger(file.version) && Array.isArray(file.slots);
  if (!isOne || !texts.every((one) => typeof one === "string")) throw new BackupError("not_a_key_file");
  const { format, v, user_id, gen, version, slots, identity, keyring } = file as BackupFile;
  if (user_id !== encode64(user)) throw new BackupError("other_account");
  return { format, v, user_id, gen, version, slots, identity, keyring };
}
