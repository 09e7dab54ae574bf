// Making and changing one's keys, on the page of keys. What needs the identity asks for the recovery code or the
// passphrase, uses it once, and forgets it.
import { get, post, request } from "../api";
import { BackupError, type BackupFile, createBackup, openBackup, type OpenedBackup, type Secret, withSecret, withSeeds } from "../protocol/backup";
import { type Bytes, equal, uuidBytes } from "../protocol/bytes";
import { CannotVerify } from "../protocol/header";
import { type KeyLog, type LogEntry, START, state } from "../protocol/keylog";
import { keyId, newDevicePair, newSeed, type Signer, signerFromSeed, signerOf } from "../protocol/signing";
import { currentEncryption, fetchLog, findBackup, identify, putBackup, signingTime } from "./keyring";
import { announce, newEncryption } from "./rotation";
import { dropPin, findDevice, saveDevice } from "./store";

/** A statement that withdraws a device: its role with the revocation bit (e2e section 1). */
const REVOKED_DEVICE = 0x82 as 2;

interface Made {
  entries: (LogEntry & { label: string })[];
  pair: CryptoKeyPair;
  identitySeed: Bytes;
  seed: Bytes;
}

/** New identity, device and encryption key, and the first three entries of their log. */
async function make(user: Bytes, deviceLabel: string, atMs: number): Promise<Made> {
  const identitySeed = await newSeed();
  const identity = await signerFromSeed(identitySeed);
  const pair = await newDevicePair();
  const device = await signerOf(pair);
  const [seed, publicKey] = await newEncryption();
  const steps = [
    { role: 1, alg: 1, subject: identity.kid, publicKey: identity.public },
    { role: 2, alg: 1, subject: device.kid, publicKey: device.public },
    { role: 3, alg: 2, subject: await keyId(2, publicKey), publicKey },
  ] as const;
  const entries: Made["entries"] = [];
  let head = START;
  for (const step of steps) {
    const [entry, next] = await state(user, step, identity, head, atMs);
    entries.push({ ...entry, label: step.role === 2 ? deviceLabel : "" });
    head = next;
  }
  return { entries, pair, identitySeed, seed };
}

const versionBefore = async (): Promise<number> => (await get<"/api/v1/keys/session">("keys/session")).backup_version;

/** Make all keys, store the backup first (a crash then loses nothing), then enter them into the log. */
export async function enrol(user: string, recovery: Bytes, deviceLabel: string): Promise<void> {
  const userId = uuidBytes(user);
  const made = await make(userId, deviceLabel, Date.now());
  const before = await versionBefore();
  const [file, keyringKey] = await createBackup(userId, before + 1, made.identitySeed, [made.seed], { recovery });
  await putBackup(file, before);
  for (const [i, entry] of made.entries.entries()) {
    await post<"/api/v1/keys/statements">("keys/statements", entry);
    // Once the log holds the device, this browser must know its key even if the next step fails.
    if (i === 1) await saveDevice({ user, pair: made.pair, keyringKey, gen: file.gen, version: file.version });
  }
}

/** Begin anew: new keys in a new log, all other devices signed out. A Problem `step_up_required` without a fresh proof. */
export async function reset(user: string, recovery: Bytes, deviceLabel: string): Promise<void> {
  const userId = uuidBytes(user);
  // The old log may be one that this device refuses: only the time of its last entry is taken from it.
  const atMs = await fetchLog(user, user).then(signingTime, () => Date.now());
  const made = await make(userId, deviceLabel, atMs);
  const before = await versionBefore();
  const [file, keyringKey] = await createBackup(userId, before + 1, made.identitySeed, [made.seed], { recovery });
  await request("POST", "keys/reset", { entries: made.entries, backup: file }, { "If-Match": String(before) });
  await dropPin(user, user);
  await saveDevice({ user, pair: made.pair, keyringKey, gen: file.gen, version: file.version });
}

export interface Unlocked {
  file: BackupFile;
  opened: OpenedBackup;
  identity: Signer;
  log: KeyLog;
}

/** Open `file` and prove that it is the account's: its identity is the log's. Who knows the secret may see a new log. */
async function open(user: string, file: BackupFile, secret: Secret): Promise<Unlocked> {
  const opened = await openBackup(file, secret);
  const identity = await signerFromSeed(opened.identitySeed);
  let log: KeyLog;
  try {
    log = await fetchLog(user, user);
  } catch (error) {
    if (!(error instanceof CannotVerify) || error.code !== "identity_changed") throw error;
    await dropPin(user, user); // begun anew on another device, as the secret of the new keys proves
    log = await fetchLog(user, user);
  }
  if (!equal(log.identity.public, identity.public)) throw new BackupError("old_identity");
  return { file, opened, identity, log };
}

/** The stored backup, opened. BackupError `wrong_secret`, `slot_unknown`, `backup_damaged`, or `no_backup`. */
export async function openStored(user: string, secret: Secret): Promise<Unlocked> {
  const file = await findBackup();
  if (!file) throw new BackupError("no_backup");
  return open(user, file, secret);
}

/** Let this device in, or give it the new keyring key where it is in the log already. */
export async function unlock(user: string, secret: Secret, deviceLabel: string): Promise<void> {
  await letIn(user, await openStored(user, secret), deviceLabel);
}

async function letIn(user: string, { file, opened, identity, log }: Unlocked, deviceLabel: string): Promise<void> {
  const found = { keyringKey: opened.keyringKey, gen: file.gen, version: file.version };
  const record = await findDevice(user);
  if (record && isActive(log, (await signerOf(record.pair)).kid)) {
    await saveDevice({ ...record, ...found });
    return;
  }
  const pair = await newDevicePair();
  const device = await signerOf(pair);
  const what = { role: 2, alg: 1, subject: device.kid, publicKey: device.public } as const;
  const [entry] = await state(uuidBytes(user), what, identity, log.head, signingTime(log));
  await post<"/api/v1/keys/statements">("keys/statements", { ...entry, label: deviceLabel });
  await saveDevice({ user, pair, ...found });
}

const isActive = (log: KeyLog, kid: Bytes): boolean => log.devices.some((one) => one.revokedMs === undefined && equal(one.kid, kid));

/** Note what this device has just stored, so that it never takes an older one. */
async function noteStored(user: string, file: BackupFile, keyringKey?: CryptoKey): Promise<void> {
  const record = await findDevice(user);
  if (record) await saveDevice({ ...record, gen: file.gen, version: file.version, keyringKey: keyringKey ?? record.keyringKey });
}

/**
 * Withdraw a device. First a new master key, generation and encryption key are saved, which the device cannot open;
 * then it is withdrawn and signed out; then the new key is announced. A crash in between leaves what rotation mends.
 */
export async function revoke(user: string, kid: Bytes, secret: Secret): Promise<void> {
  const { file, opened, identity, log } = await openStored(user, secret);
  const userId = uuidBytes(user);
  const [seed, publicKey] = await newEncryption();
  const [next, keyringKey] = await createBackup(userId, file.version + 1, opened.identitySeed, [...opened.seeds, seed], secret);
  await putBackup(next, file.version);
  await noteStored(user, next, keyringKey);
  const what = { role: REVOKED_DEVICE, alg: 1, subject: kid, publicKey: new Uint8Array(0) } as const;
  const [entry] = await state(userId, what, identity, log.head, signingTime(log));
  await post<"/api/v1/keys/statements">("keys/statements", { ...entry, label: "" });
  await announce(user, identity, publicKey);
}

/** Have `next` open the keys instead of what of its kind did so far; a new encryption key follows where one did. */
export async function replaceSecret(user: string, secret: Secret, next: Secret): Promise<void> {
  const { file, opened, identity } = await openStored(user, secret);
  const hadOne = file.slots.some((slot) => slot.type === ("recovery" in next ? "recovery" : "argon2id"));
  if (!hadOne) {
    const changed = await withSecret(file, opened, next);
    await putBackup(changed, file.version);
    await noteStored(user, changed);
    return;
  }
  const [seed, publicKey] = await newEncryption();
  const changed = await withSecret(file, { ...opened, seeds: [...opened.seeds, seed] }, next);
  await putBackup(changed, file.version);
  await noteStored(user, changed);
  await announce(user, identity, publicKey);
}

/**
 * Take a key file in. Where the server's copy is missing, or of the file's generation and damaged, the file replaces it;
 * an intact one is used as it is. A file from before the keys were renewed never replaces what came after it: it would
 * bring back ways in that were closed since. Where the file is too old to have the current encryption key, a new one is
 * made.
 */
export async function importFile(user: string, chosen: BackupFile, secret: Secret, deviceLabel: string): Promise<void> {
  const found = await open(user, chosen, secret);
  const stored = await findBackup();
  if (stored && stored.gen !== chosen.gen) throw new BackupError("file_too_old");
  const intact = stored && (await openBackup({ ...stored, slots: chosen.slots }, secret).catch(() => null));
  if (stored && intact) {
    await letIn(user, { ...found, file: stored, opened: intact }, deviceLabel);
    return;
  }
  const before = stored?.version ?? 0;
  const seen = (await findDevice(user))?.version ?? 0;
  await restore(user, found, before, before > 0 ? before + 1 : Math.max(chosen.version, seen) + 1, secret, deviceLabel);
}

async function restore(user: string, found: Unlocked, before: number, version: number, secret: Secret, deviceLabel: string): Promise<void> {
  const { file: chosen, opened, identity, log } = found;
  const current = await keyId(2, currentEncryption(log));
  const isCurrent = (await identify(opened.seeds, log.encryption)).some((one) => equal(one.kid, current));
  const [seed, publicKey] = await newEncryption();
  const seeds = isCurrent ? opened.seeds : [...opened.seeds, seed];
  // Nobody can tell whether the file is older than a device that was shut out: what that one knows must open nothing.
  const wasShutOut = log.devices.some((device) => device.revokedMs !== undefined);
  const [file, keyringKey] = wasShutOut
    ? await createBackup(uuidBytes(user), version, opened.identitySeed, seeds, secret)
    : [await withSeeds(chosen, opened.keyringKey, version, seeds), opened.keyringKey];
  await putBackup(file, before);
  await letIn(user, { ...found, file, opened: { ...opened, keyringKey } }, deviceLabel);
  if (!isCurrent) await announce(user, identity, publicKey);
}
