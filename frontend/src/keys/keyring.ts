// Finding and opening one's own keys on this device. What changes them is in changes.ts, on the page of keys.
import type { CipherSuite } from "hpke";
import { get, post, request, type Schema } from "../api";
import { type BackupFile, openKeyring } from "../protocol/backup";
import { type Bytes, concat, decode64, encode64, label, uuidBytes } from "../protocol/bytes";
import type { EncryptionKey } from "../protocol/envelope";
import { CannotVerify } from "../protocol/header";
import { type KeyLog, type KnownKey, type LogEntry, verifyLog } from "../protocol/keylog";
import { type Signer, signerOf } from "../protocol/signing";
import { suite } from "../protocol/suite";
import { type DeviceRecord, findDevice, findPin, savePin } from "./store";

/** How long an encryption key is used. */
export const ROTATE_AFTER_MS = 30 * 24 * 3600 * 1000;

export interface MyKeys {
  device: Signer;
  /** Every key that messages were sealed to, the newest last: history stays readable. */
  encryption: EncryptionKey[];
  /** The public key that new messages to myself are sealed to. */
  ownPublic: Bytes;
  /** Whether it is time for a new encryption key. */
  isDue: boolean;
}

/**
 * `none`: no encryption yet. `locked`: this device is not (or no more) in the key log. `stale`: another device made a
 * new keyring key. `lost`: the server has no backup, or a damaged one. Else `ready`.
 */
export type KeyState = "none" | "locked" | "stale" | "lost" | "ready";

/** Verified key log of `user`, checked against where this device last saw it, and pinned again; `logNo` names an older one. */
export async function fetchLog(me: string, user: string, logNo?: number): Promise<KeyLog> {
  const entries: LogEntry[] = [];
  for (;;) {
    const older: string = logNo === undefined ? "" : `&log_no=${logNo}`;
    const page = await get<"/api/v1/keys/{user_id}/log">(`keys/${user}/log?after_seq=${entries.length}${older}`);
    if (page.entries.length === 0) break;
    entries.push(...page.entries);
  }
  if (entries.length === 0) throw new CannotVerify("no_keys");
  if (logNo !== undefined) return verifyLog(uuidBytes(user), entries);
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

/** Whether the current key has served its time, or somebody has it who was shut out since. */
export function isDue(log: KeyLog, nowMs: number): boolean {
  const active = log.encryption.filter((key) => key.revokedMs === undefined);
  const currentMs = active[active.length - 1]?.createdMs ?? 0;
  return nowMs - currentMs >= ROTATE_AFTER_MS || log.devices.some((device) => (device.revokedMs ?? 0) > currentMs);
}

/** The time to sign with: not before what the log says already, whatever the clock of this device. */
export function signingTime(log: KeyLog): number {
  const known = [log.identity, ...log.devices, ...log.encryption];
  return Math.max(Date.now(), ...known.flatMap((key) => [key.createdMs, key.revokedMs ?? 0]));
}

type Session = Schema<"KeySessionOut">;

const fetchSession = (): Promise<Session> => get<"/api/v1/keys/session">("keys/session");

/** The stored backup, null where the server has none. */
export async function findBackup(session?: Session): Promise<BackupFile | null> {
  const { backup_version: version } = session ?? (await fetchSession());
  return version === 0 ? null : ((await get<"/api/v1/keys/backup">("keys/backup")) as BackupFile);
}

/** Store a version of the backup after `before` (0: none). A Problem `version_conflict` where another device was faster. */
export async function putBackup(file: BackupFile, before: number): Promise<void> {
  await request("PUT", "keys/backup", file, { "If-Match": String(before) });
}

interface Found {
  state: KeyState;
  record?: DeviceRecord;
  file?: BackupFile;
  device?: Signer;
  seeds?: Bytes[];
  session?: Session;
}

export async function keyState(user: string): Promise<KeyState> {
  return (await find(user)).state;
}

async function find(user: string): Promise<Found> {
  const bundle: Schema<"BundleOut"> = await get<"/api/v1/keys/{user_id}/bundle">(`keys/${user}/bundle`);
  if (!bundle.identity) return { state: "none" };
  const record = await findDevice(user);
  if (!record) return { state: "locked" };
  const device = await signerOf(record.pair);
  const kid = encode64(device.kid);
  if (!bundle.devices.some((row) => row.kid === kid && row.active)) return { state: "locked" };
  const session = await fetchSession();
  const file = await findBackup(session);
  if (!file) return { state: "lost" };
  if (record.gen !== undefined && record.gen !== file.gen) return { state: "stale", record, file };
  try {
    return { state: "ready", record, file, device, session, seeds: await openKeyring(file, record.keyringKey) };
  } catch {
    return { state: "lost", record, file };
  }
}

/** The keys of this device, bound to this sign-in; null when something has to be done on the page of keys first. */
export async function loadKeys(user: string): Promise<MyKeys | null> {
  const { record, file, device, seeds, session } = await find(user);
  if (record && file && file.version < record.version) throw new CannotVerify("backup_rollback");
  if (!record || !file || !device || !seeds || !session) return null;
  const [, log] = await Promise.all([bind(device, session), fetchLog(user, user)]);
  const encryption = await identify(seeds, log.encryption);
  return { device, encryption, ownPublic: currentEncryption(log), isDue: isDue(log, Date.now()) };
}

/** After `key.changed` for oneself: the same object with what is there now. False when the page of keys has to be asked. */
export async function refreshKeys(user: string, keys: MyKeys): Promise<boolean> {
  const fresh = await loadKeys(user);
  if (fresh) {
    keys.device = fresh.device;
    keys.encryption = fresh.encryption;
    keys.ownPublic = fresh.ownPublic;
    keys.isDue = fresh.isDue;
  }
  return fresh !== null;
}

/**
 * Which key of the log each seed is, found by opening what was sealed to it: places in the keyring and in the log may
 * differ, and the suite gives no public key for a seed. Seeds that were never announced are left out.
 */
export async function identify(seeds: Bytes[], known: KnownKey[]): Promise<EncryptionKey[]> {
  const hpke = await suite();
  const found: EncryptionKey[] = [];
  for (const [i, seed] of seeds.entries()) {
    const key = await hpke.DeserializePrivateKey(seed);
    const likely = known[i];
    for (const one of likely ? [likely, ...known.filter((other) => other !== likely)] : known) {
      if (!(await isPair(hpke, key, one.public))) continue;
      found.push({ kid: one.kid, key });
      break;
    }
  }
  return found;
}

async function isPair(hpke: CipherSuite, key: EncryptionKey["key"], publicKey: Bytes): Promise<boolean> {
  const info = label("probe");
  const sealed = await hpke.Seal(await hpke.DeserializePublicKey(publicKey), new Uint8Array(1), { info });
  return hpke.Open(key, sealed.encapsulatedSecret, sealed.ciphertext, { info }).then(() => true, () => false);
}

async function bind(device: Signer, session: Session): Promise<void> {
  if (session.device === encode64(device.kid)) return;
  const sig = await device.sign(concat(label("bind"), uuidBytes(session.session_id), device.kid));
  await post<"/api/v1/keys/bind">("keys/bind", { kid: encode64(device.kid), sig: encode64(sig) });
}

/** The server's receipt keys by skid. */
export async function fetchServerKeys(): Promise<Map<string, Bytes>> {
  const { keys } = await get<"/api/v1/keys/server">("keys/server");
  return new Map(keys.map((key) => [key.skid, decode64(key.public)]));
}
