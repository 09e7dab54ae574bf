// A new encryption key every 30 days, and at once after a device was revoked: by the first device that is online. The
// seed is saved before its key is announced, so no message is ever sealed to a key that nobody has.
import { post, Problem } from "../api";
import { openKeyring, withSeeds } from "../protocol/backup";
import { type Bytes, uuidBytes } from "../protocol/bytes";
import { CannotVerify } from "../protocol/header";
import { state } from "../protocol/keylog";
import { keyId, type Signer } from "../protocol/signing";
import { suite } from "../protocol/suite";
import { fetchLog, findBackup, isDue, type MyKeys, putBackup, refreshKeys, signingTime } from "./keyring";
import { type DeviceRecord, findDevice, saveDevice } from "./store";

/** A device whose clock is wrong adds a seed each time and is refused: not more often than this. */
const TRY_EVERY_MS = 24 * 3600 * 1000;

/**
 * Make a new key if it is time, and put it into `keys`. Returns whether it did. One page of a browser at a time.
 */
export async function rotateIfDue(user: string, keys: MyKeys): Promise<boolean> {
  if (!keys.isDue) return false;
  let isDone = false;
  await navigator.locks.request(`pairly.keys.${user}`, async () => {
    isDone = await tryToRotate(user, keys.device);
  });
  return isDone && refreshKeys(user, keys);
}

async function tryToRotate(user: string, device: Signer): Promise<boolean> {
  const tried = `pairly.rotation.${user}`;
  const now = Date.now();
  if (!isDue(await fetchLog(user, user), now) || now - Number(localStorage.getItem(tried)) < TRY_EVERY_MS) return false;
  localStorage.setItem(tried, String(now));
  const record = await findDevice(user);
  const isDone = record !== undefined && (await rotate(user, device, record));
  if (isDone) localStorage.removeItem(tried);
  return isDone;
}

/** The pair of a new encryption key: its seed and its public key. */
export async function newEncryption(): Promise<[Bytes, Bytes]> {
  const hpke = await suite();
  const pair = await hpke.GenerateKeyPair(true);
  return [(await hpke.SerializePrivateKey(pair.privateKey)) as Bytes, (await hpke.SerializePublicKey(pair.publicKey)) as Bytes];
}

/** False where another device was faster: then it is that one's. */
async function rotate(user: string, device: Signer, record: DeviceRecord): Promise<boolean> {
  const file = await findBackup();
  if (!file || (record.gen !== undefined && record.gen !== file.gen)) return false;
  if (file.version < record.version) throw new CannotVerify("backup_rollback");
  const [seed, publicKey] = await newEncryption();
  const seeds = [...(await openKeyring(file, record.keyringKey)), seed];
  const next = await withSeeds(file, record.keyringKey, file.version + 1, seeds);
  try {
    await putBackup(next, file.version);
    await saveDevice({ ...record, gen: next.gen, version: next.version });
    await announce(user, device, publicKey);
  } catch (error) {
    if (error instanceof Problem && ["version_conflict", "stmt_chain"].includes(error.code)) return false;
    throw error;
  }
  return true;
}

/** Enter an encryption key whose seed is saved into the log. */
export async function announce(user: string, signer: Signer, publicKey: Bytes): Promise<void> {
  const log = await fetchLog(user, user);
  const what = { role: 3, alg: 2, subject: await keyId(2, publicKey), publicKey } as const;
  const [entry] = await state(uuidBytes(user), what, signer, log.head, signingTime(log));
  await post<"/api/v1/keys/statements">("keys/statements", { ...entry, label: "" });
}
