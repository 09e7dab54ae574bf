// Making, finding and opening a user's keys.
import { get, post, request } from "../api";
import { createBackup, openBackup, openKeyring, type Secret } from "../protocol/backup";
import { type Bytes, concat, decode64, encode64, label, uuidBytes } from "../protocol/bytes";
import type { EncryptionKey } from "../protocol/envelope";
import { CannotVerify } from "../protocol/header";
import { type KeyLog, type LogEntry, START, state, verifyLog } from "../protocol/keylog";
import { keyId, newDevicePair, newSeed, type Signer, signerFromSeed, signerOf } from "../protocol/signing";
import { suite } from "../protocol/suite";
import { findDevice, findPin, saveDevice, savePin } from "./store";

export interface MyKeys {
  device: Signer;
  encryption: EncryptionKey[];
  /** The public key that new messages to myself are sealed to. */
  ownPublic: Bytes;
}

export type KeyState = "none" | "locked" | "ready";

/** Verified key log of `user`, checked against where this device last saw it, and pinned again. */
export async function fetchLog(me: string, user: string): Promise<KeyLog> {
  const entries: LogEntry[] = [];
  for (;;) {
    const page = await get<"/api/v1/keys/{user_id}/log">(`keys/${user}/log?after_seq=${entries.length}`);
    if (page.entries.length === 0) break;
    entries.push(...page.entries);
  }
  if (entries.length === 0) throw new CannotVerify("no_keys");
  const pin = await findPin(me, user);
  const pinned = pin && { identity: pin.identity, head: { seq: pin.seq, hash: pin.hash } };
  const log = await verifyLog(uuidBytes(user), entries, pinned);
  await savePin(me, user, { identity: log.identity.public, seq: log.head.seq, hash: log.head.hash });
  return log;
}

export function currentEncryption(log: KeyLog): Bytes {
  const active = log.encryption.filter((key) => key.revokedMs === undefined);
  const newest = active[active.length - 1];
  if (!newest) throw new CannotVerify("no_keys");
  return newest.public;
}

export async function keyState(user: string): Promise<KeyState> {
  const bundle = await get<"/api/v1/keys/{user_id}/bundle">(`keys/${user}/bundle`);
  if (!bundle.identity) return "none";
  return (await findDevice(user)) ? "ready" : "locked";
}

/** Make all keys, store the backup first (a crash then loses nothing), then enter them into the log. */
export async function enrol(user: string, recovery: Bytes, deviceLabel: string): Promise<void> {
  const userId = uuidBytes(user);
  const hpke = await suite();
  const identitySeed = await newSeed();
  const identity = await signerFromSeed(identitySeed);
  const pair = await newDevicePair();
  const device = await signerOf(pair);
  const encryption = await hpke.GenerateKeyPair(true);
  const seed = (await hpke.SerializePrivateKey(encryption.privateKey)) as Bytes;
  const publicKey = (await hpke.SerializePublicKey(encryption.publicKey)) as Bytes;
  const { backup_version: before } = await get<"/api/v1/keys/session">("keys/session");
  const [file, keyringKey] = await createBackup(userId, before + 1, identitySeed, [seed], recovery);
  await request("PUT", "keys/backup", file, { "If-Match": String(before) });
  const steps = [
    { role: 1, alg: 1, subject: identity.kid, publicKey: identity.public },
    { role: 2, alg: 1, subject: device.kid, publicKey: device.public },
    { role: 3, alg: 2, subject: await keyId(2, publicKey), publicKey },
  ] as const;
  let head = START;
  for (const step of steps) {
    const [entry, next] = await state(userId, step, identity, head, Date.now());
    await post<"/api/v1/keys/statements">("keys/statements", { ...entry, label: step.role === 2 ? deviceLabel : "" });
    head = next;
    // Once the log holds the device, this browser must know its key even if the next step fails.
    if (step.role === 2) await saveDevice({ user, pair, keyringKey, version: file.version });
  }
}

/** Open the backup on a new device and enter the device into the log. BackupError('wrong_secret') for a wrong code. */
export async function unlock(user: string, secret: Secret, deviceLabel: string): Promise<void> {
  const file = await get<"/api/v1/keys/backup">("keys/backup");
  const opened = await openBackup(file, secret);
  const identity = await signerFromSeed(opened.identitySeed);
  const log = await fetchLog(user, user);
  const pair = await newDevicePair();
  const device = await signerOf(pair);
  const what = { role: 2, alg: 1, subject: device.kid, publicKey: device.public } as const;
  const [entry] = await state(uuidBytes(user), what, identity, log.head, Date.now());
  await post<"/api/v1/keys/statements">("keys/statements", { ...entry, label: deviceLabel });
  await saveDevice({ user, pair, keyringKey: opened.keyringKey, version: file.version });
}

/** The keys of this device, bound to this sign-in; null when the device has to be set up or unlocked first. */
export async function loadKeys(user: string): Promise<MyKeys | null> {
  const record = await findDevice(user);
  if (!record) return null;
  const device = await signerOf(record.pair);
  await bind(device);
  const [file, log, hpke] = await Promise.all([get<"/api/v1/keys/backup">("keys/backup"), fetchLog(user, user), suite()]);
  if (file.version < record.version) throw new CannotVerify("backup_rollback");
  const seeds = await openKeyring(file, record.keyringKey);
  const encryption = await Promise.all(seeds.map(async (seed, i) => {
    const known = log.encryption[i];
    if (!known) throw new CannotVerify("no_keys");
    return { kid: known.kid, key: await hpke.DeserializePrivateKey(seed) };
  }));
  return { device, encryption, ownPublic: currentEncryption(log) };
}

async function bind(device: Signer): Promise<void> {
  const session = await get<"/api/v1/keys/session">("keys/session");
  if (session.device === encode64(device.kid)) return;
  const sig = await device.sign(concat(label("bind"), uuidBytes(session.session_id), device.kid));
  await post<"/api/v1/keys/bind">("keys/bind", { kid: encode64(device.kid), sig: encode64(sig) });
}

/** The server's receipt keys by skid. */
export async function fetchServerKeys(): Promise<Map<string, Bytes>> {
  const { keys } = await get<"/api/v1/keys/server">("keys/server");
  return new Map(keys.map((key) => [key.skid, decode64(key.public)]));
}
