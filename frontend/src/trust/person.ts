// Somebody's keys as this device sees them: every log since the first, verified, and never another one than before.
import { get } from "../api";
import { type Bytes, equal, uuidBytes } from "../protocol/bytes";
import { CannotVerify } from "../protocol/header";
import { checkAge, type KeyLog, type KnownKey, type LogEntry, newestEncryption, verifyLog } from "../protocol/keylog";
import { changePerson, findPerson, type LogPin, type PersonPin } from "./store";

/** A device key came or went, or everything began anew. */
export interface KeyEvent {
  what: "identity" | "device" | "revoked";
  atMs: number;
}

interface LogPage {
  log_no?: number;
  entries: LogEntry[];
}

export class Person {
  constructor(
    readonly user: string,
    /** The number of the current log, counted from 1. */
    readonly logNo: number,
    /** All of them, the oldest first. */
    readonly logs: KeyLog[],
    readonly pin: PersonPin,
  ) {}

  get log(): KeyLog {
    return this.logs.at(-1) as KeyLog;
  }

  get identity(): Bytes {
    return this.log.identity.public;
  }

  /** The identity that is accepted here: the current one, or the one before a reset that nobody has looked at yet. */
  get acceptedIdentity(): Bytes {
    return (this.logs[this.pin.acceptedNo - 1] as KeyLog).identity.public;
  }

  /** Whether there is a new identity that was not accepted on this device. */
  get isNew(): boolean {
    return this.pin.acceptedNo < this.logNo;
  }

  /** Whether the safety number with this identity was compared on this device. */
  get isVerified(): boolean {
    return this.pin.verified !== undefined && equal(this.pin.verified, this.identity);
  }

  /**
   * The device key, if one of the logs holds it and it was in force when the server received what it signed. CannotVerify
   * says why not: `sig_key_unknown`, `sig_key_revoked`, `identity_unaccepted`.
   */
  deviceKey(kid: Bytes, recvMs: number): Bytes {
    for (const [i, log] of this.logs.entries()) {
      const device = log.devices.find((key) => equal(key.kid, kid));
      if (!device) continue;
      if (i >= this.pin.acceptedNo) throw new CannotVerify("identity_unaccepted");
      const endMs = Math.min(device.revokedMs ?? Infinity, this.logs[i + 1]?.identity.createdMs ?? Infinity);
      if (recvMs > endMs) throw new CannotVerify("sig_key_revoked");
      return device.public;
    }
    throw new CannotVerify("sig_key_unknown");
  }

  /** What messages to this person are sealed to. CannotVerify `identity_unaccepted`, `no_keys`, `keys_too_old`. */
  encryptionKey(nowMs: number): KnownKey {
    if (this.isNew) throw new CannotVerify("identity_unaccepted");
    const key = newestEncryption(this.log);
    checkAge(key, nowMs);
    return key;
  }

  /** What happened after the first identity, device and encryption key, in the order of time. */
  get events(): KeyEvent[] {
    const events: KeyEvent[] = [];
    for (const [i, log] of this.logs.entries()) {
      if (i > 0) events.push({ what: "identity", atMs: log.identity.createdMs });
      for (const device of log.devices.slice(1)) events.push({ what: "device", atMs: device.createdMs });
      for (const { revokedMs } of log.devices) if (revokedMs !== undefined) events.push({ what: "revoked", atMs: revokedMs });
    }
    return events.sort((a, b) => a.atMs - b.atMs);
  }
}

/**
 * All key logs of `user`, verified against where this device last saw them, and pinned again. CannotVerify with what
 * is wrong: `log_rollback`, `log_fork`, `identity_changed`, a code of a statement, or `no_keys` of who never had any.
 */
export async function fetchPerson(me: string, user: string): Promise<Person> {
  const before = await findPerson(me, user);
  const knownNo = Math.max(0, ...Object.keys(before?.logs ?? {}).map(Number));
  const [logNo, current] = await fetchEntries(user);
  if (current.length === 0) throw new CannotVerify(before ? "log_rollback" : "no_keys");
  if (logNo < knownNo) throw new CannotVerify("log_rollback");
  const logs: KeyLog[] = [];
  for (let no = 1; no <= logNo; no++) {
    const entries = no === logNo ? current : (await fetchEntries(user, no))[1];
    if (entries.length === 0) throw new CannotVerify("log_rollback");
    const pin = before?.logs[no];
    logs.push(await verifyLog(uuidBytes(user), entries, pin && { identity: pin.identity, head: { seq: pin.seq, hash: pin.hash } }));
  }
  const pin = await changePerson(me, user, (now) => moved(now, logs));
  return new Person(user, logNo, logs, pin as PersonPin);
}

async function fetchEntries(user: string, logNo?: number): Promise<[number, LogEntry[]]> {
  const which = logNo === undefined ? "" : `&log_no=${logNo}`;
  const entries: LogEntry[] = [];
  let no = logNo ?? 1;
  for (;;) {
    const page: LogPage = await get<"/api/v1/keys/{user_id}/log">(`keys/${user}/log?after_seq=${entries.length}${which}`);
    if (entries.length === 0 && page.log_no !== undefined) no = page.log_no;
    if (page.entries.length === 0) return [no, entries];
    entries.push(...page.entries);
  }
}

/** Pins only move forward: another tab may have seen more. The first identity ever seen is the accepted one. */
function moved(before: PersonPin | undefined, logs: KeyLog[]): PersonPin {
  const pins: Record<number, LogPin> = { ...before?.logs };
  for (const [i, { identity, head }] of logs.entries()) {
    const there = pins[i + 1];
    if (!there || there.seq < head.seq) pins[i + 1] = { identity: identity.public, seq: head.seq, hash: head.hash };
  }
  return { ...before, logs: pins, acceptedNo: before?.acceptedNo ?? logs.length };
}

/** The person has seen the new identity of `person` and goes on with it. */
export async function acceptIdentity(me: string, person: Person): Promise<void> {
  await changePerson(me, person.user, (before) => before && { ...before, acceptedNo: Math.max(before.acceptedNo, person.logNo) });
}

/** The safety number with this identity was compared, and is the same; or that is taken back. */
export async function markVerified(me: string, person: Person, isVerified: boolean): Promise<void> {
  await changePerson(me, person.user, (before) => {
    if (!before) return undefined;
    const { verified: _, ...rest } = before;
    return isVerified ? { ...rest, acceptedNo: Math.max(before.acceptedNo, person.logNo), verified: person.identity } : rest;
  });
}
