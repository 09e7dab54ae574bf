// A new device is let in by another one of the same person (e2e section 4). Both compute the code from the keys that
// they hold; the id is made by the device that asks, so nobody in between chooses anything that the code is made of.
import { get, post, type Schema } from "../api";
import { importKeyringKey, keyringKeyBytes, type Secret } from "../protocol/backup";
import { type Bytes, concat, decode64, encode64, equal, label, readUint, sha256, uint, uuid7, uuidBytes, uuidText } from "../protocol/bytes";
import { CannotVerify } from "../protocol/header";
import { state } from "../protocol/keylog";
import { newDevicePair, type Signer, signerOf } from "../protocol/signing";
import { suite } from "../protocol/suite";
import { openStored } from "./changes";
import { fetchLog, findBackup, signingTime } from "./keyring";
import { dropPin, saveDevice } from "./store";

export type Approval = Schema<"ApprovalOut">;

const ENC = 1120;

/** 20 digits in groups of 5, of a hash over the account, the request and both public keys. */
export async function comparisonCode(user: Bytes, id: Bytes, device: Bytes, requestKey: Bytes): Promise<string> {
  const hash = await sha256(label("approval"), user, id, device, requestKey);
  const [a, b, c, d] = [0, 5, 10, 15].map((at) => String(readUint(hash.subarray(at, at + 5)) % 100_000).padStart(5, "0"));
  return `${a}\u00a0${b} ${c}\u00a0${d}`; // a narrow page breaks it in the middle
}

export const codeOf = (user: string, approval: Approval): Promise<string> =>
  comparisonCode(uuidBytes(user), uuidBytes(approval.id), decode64(approval.device), decode64(approval.request_key));

const infoOf = (user: Bytes, id: Bytes, device: Bytes): Bytes => concat(label("approval"), user, id, device);

/** What the asking device keeps while it waits: nothing of it is stored. */
export interface Asking {
  id: string;
  code: string;
  expiresAt: number;
  pair: CryptoKeyPair;
  device: Signer;
  requestKey: Parameters<Awaited<ReturnType<typeof suite>>["Open"]>[0];
}

export async function ask(user: string, deviceLabel: string): Promise<Asking> {
  const hpke = await suite();
  const pair = await newDevicePair();
  const device = await signerOf(pair);
  const request = await hpke.GenerateKeyPair(false);
  const requestKey = (await hpke.SerializePublicKey(request.publicKey)) as Bytes;
  const id = uuid7(Date.now());
  const body = { id: uuidText(id), device: encode64(device.public), request_key: encode64(requestKey), label: deviceLabel };
  const asked = await post<"/api/v1/keys/approvals">("keys/approvals", body);
  const code = await comparisonCode(uuidBytes(user), id, device.public, requestKey);
  return { id: body.id, code, expiresAt: Date.parse(asked.expires_at), pair, device, requestKey: request.privateKey };
}

/** How the request stands; once it was granted this device is ready. */
export async function look(user: string, asking: Asking): Promise<Approval["state"]> {
  const found = await get<"/api/v1/keys/approvals/{approval_id}">(`keys/approvals/${asking.id}`);
  if (found.state === "granted") await finish(user, asking, decode64(found.sealed));
  return found.state;
}

async function finish(user: string, asking: Asking, sealed: Bytes): Promise<void> {
  const hpke = await suite();
  const info = infoOf(uuidBytes(user), uuidBytes(asking.id), asking.device.public);
  const plain = (await hpke.Open(asking.requestKey, sealed.slice(0, ENC), sealed.slice(ENC), { info })) as Bytes;
  const file = await findBackup();
  // The other device says whose identity it is: a pin from before somebody began anew gives way to it.
  const log = await fetchLog(user, user).catch(async (error: unknown) => {
    if (!(error instanceof CannotVerify) || error.code !== "identity_changed") throw error;
    await dropPin(user, user);
    return fetchLog(user, user);
  });
  const isIn = log.devices.some((one) => one.revokedMs === undefined && equal(one.kid, asking.device.kid));
  if (!isIn || !equal(log.identity.kid, plain.slice(20, 52))) throw new CannotVerify("identity_changed");
  const version = readUint(plain.subarray(16, 20));
  if (!file || file.version < version) throw new CannotVerify("backup_rollback");
  const keyringKey = await importKeyringKey(plain.slice(52));
  await saveDevice({ user, pair: asking.pair, keyringKey, gen: encode64(plain.slice(0, 16)), version });
}

/** Let the device in whose code was compared: exactly these keys are signed and sealed to. */
export async function grant(user: string, approval: Approval, secret: Secret): Promise<void> {
  const userId = uuidBytes(user);
  const { file, opened, identity, log } = await openStored(user, secret);
  const [device, id] = [decode64(approval.device), uuidBytes(approval.id)];
  const what = { role: 2, alg: 1, subject: await sha256(uint(1, 1), device), publicKey: device } as const;
  const [entry] = await state(userId, what, identity, log.head, signingTime(log));
  const hpke = await suite();
  const plain = concat(decode64(file.gen), uint(file.version, 4), identity.kid, await keyringKeyBytes(opened.master));
  const key = await hpke.DeserializePublicKey(decode64(approval.request_key));
  const box = await hpke.Seal(key, plain, { info: infoOf(userId, id, device) });
  const sealed = encode64(concat(box.encapsulatedSecret, box.ciphertext));
  await post<"/api/v1/keys/approvals/{approval_id}/grant">(`keys/approvals/${approval.id}/grant`, { ...entry, label: approval.label, sealed });
}

export async function listWaiting(): Promise<Approval[]> {
  return (await get<"/api/v1/keys/approvals">("keys/approvals")).results;
}

export async function refuse(id: string): Promise<void> {
  await post<"/api/v1/keys/approvals/{approval_id}/refuse">(`keys/approvals/${id}/refuse`, undefined as never);
}
