// Key statements and the verification of somebody's key log (e2e section 1).
import { type Bytes, concat, decode64, encode64, equal, label, readUint, sha256, uint } from "./bytes";
import { CannotVerify } from "./header";
import { checkPublicKey } from "./public_keys";
import { keyId, type Signer, verify } from "./signing";

const DAY_MS = 24 * 3600 * 1000;
const ROTATE_AFTER_MS = 30 * DAY_MS;
const TOO_OLD_MS = 400 * DAY_MS;

export interface LogEntry {
  statement: string;
  sig: string;
  public: string;
}

export interface LogHead {
  seq: number;
  hash: Bytes;
}

export interface KnownKey {
  kid: Bytes;
  public: Bytes;
  createdMs: number;
  revokedMs?: number;
}

/** What a verified log says. Encryption keys in the order of their enrolment; the last active one is current. */
export interface KeyLog {
  head: LogHead;
  identity: KnownKey;
  devices: KnownKey[];
  encryption: KnownKey[];
}

export const START: LogHead = { seq: 0, hash: new Uint8Array(32) };

export interface NewStatement {
  role: 1 | 2 | 3;
  alg: 1 | 2;
  subject: Bytes;
  publicKey: Bytes;
}

/** Sign the next entry of a user's own log; gives the request body and the log's new head. */
export async function state(user: Bytes, what: NewStatement, signer: Signer, head: LogHead, nowMs: number): Promise<[LogEntry, LogHead]> {
  const raw = concat(
    uint(what.role, 1), uint(what.alg, 1), user, what.subject, signer.kid,
    uint(nowMs, 8), uint(nowMs + ROTATE_AFTER_MS, 8), uint(head.seq + 1, 4), head.hash,
  );
  const sig = await signer.sign(concat(label("key"), raw));
  const entry = { statement: encode64(raw), sig: encode64(sig), public: encode64(what.publicKey) };
  return [entry, { seq: head.seq + 1, hash: await sha256(label("keylog"), raw, sig) }];
}

/** Verify a whole log of `user`; `pinned` is where we last saw it: an older or different log is refused. */
export async function verifyLog(user: Bytes, entries: LogEntry[], pinned?: { identity: Bytes; head: LogHead }): Promise<KeyLog> {
  let head = START;
  const keys = new Map<string, KnownKey & { role: number }>();
  for (const entry of entries) {
    const raw = decode64(entry.statement);
    const sig = decode64(entry.sig);
    await apply(user, raw, sig, decode64(entry.public), head, keys);
    head = { seq: head.seq + 1, hash: await sha256(label("keylog"), raw, sig) };
    if (pinned && head.seq === 1 && !equal(pinned.identity, (identityOf(keys) as KnownKey).public)) throw new CannotVerify("identity_changed");
    if (pinned?.head.seq === head.seq && !equal(pinned.head.hash, head.hash)) throw new CannotVerify("log_fork");
  }
  if (pinned && head.seq < pinned.head.seq) throw new CannotVerify("log_rollback");
  const all = [...keys.values()];
  const identity = identityOf(keys);
  if (!identity) throw new CannotVerify("no_keys");
  return { head, identity, devices: all.filter((key) => key.role === 2), encryption: all.filter((key) => key.role === 3) };
}

function identityOf(keys: Map<string, KnownKey & { role: number }>): KnownKey | undefined {
  return [...keys.values()].find((key) => key.role === 1 && key.revokedMs === undefined);
}

/** What messages are sealed to: the newest active encryption key. CannotVerify `no_keys`. */
export function newestEncryption(log: KeyLog): KnownKey {
  const newest = log.encryption.filter((key) => key.revokedMs === undefined).at(-1);
  if (!newest) throw new CannotVerify("no_keys");
  return newest;
}

/** Nobody seals to somebody else's key that is 400 days old: CannotVerify `keys_too_old`. */
export function checkAge(key: KnownKey, nowMs: number): void {
  if (nowMs - key.createdMs > TOO_OLD_MS) throw new CannotVerify("keys_too_old");
}

async function apply(user: Bytes, raw: Bytes, sig: Bytes, publicKey: Bytes, head: LogHead, keys: Map<string, KnownKey & { role: number }>) {
  if (raw.length !== 134) throw new CannotVerify("stmt_length");
  const role = (raw[0] as number) & 0x7f;
  const isRevocation = ((raw[0] as number) & 0x80) !== 0;
  const subject = raw.slice(18, 50);
  const signerKid = raw.slice(50, 82);
  const createdMs = readUint(raw.subarray(82, 90));
  if (!equal(raw.slice(2, 18), user)) throw new CannotVerify("stmt_user");
  if (readUint(raw.subarray(98, 102)) !== head.seq + 1 || !equal(raw.slice(102), head.hash)) throw new CannotVerify("stmt_chain");
  // A log has one identity, its first entry: a second one would let the server put its own keys under it.
  if ((head.seq === 0) !== (role === 1 && !isRevocation)) throw new CannotVerify("stmt_role");
  if (!isRevocation && raw[1] !== (role === 3 ? 2 : 1)) throw new CannotVerify("stmt_role");
  if (!isRevocation) checkPublicKey(raw[1] as number, publicKey);
  const known = keys.get(encode64(subject));
  if (!isRevocation && known) throw new CannotVerify("key_exists");
  if (isRevocation ? known?.role !== role || known.revokedMs !== undefined : !equal(await keyId(raw[1] as number, publicKey), subject)) throw new CannotVerify("stmt_subject");
  const signer = role === 1 && !isRevocation ? publicKey : maySign(keys.get(encode64(signerKid)), role, isRevocation, equal(signerKid, subject));
  if (role === 1 && !isRevocation && !equal(signerKid, subject)) throw new CannotVerify("stmt_signer");
  if (!(await verify(signer, sig, concat(label("key"), raw)))) throw new CannotVerify("sig_invalid");
  if (isRevocation) (known as KnownKey).revokedMs = createdMs;
  else keys.set(encode64(subject), { role, kid: subject, public: publicKey, createdMs });
}

function maySign(signer: (KnownKey & { role: number }) | undefined, role: number, isRevocation: boolean, isSelf: boolean): Bytes {
  const byIdentity = signer?.role === 1;
  const byDevice = signer?.role === 2 && (isRevocation ? isSelf : role === 3);
  if (!signer || signer.revokedMs !== undefined || !(byIdentity || byDevice)) throw new CannotVerify("stmt_signer");
  return signer.public;
}
