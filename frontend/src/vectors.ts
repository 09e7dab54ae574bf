// Runs the protocol's vectors in a real browser; the page's title tells the test runner when it is done.
import { openAttachment, sealAttachment } from "./protocol/attachments";
import { openBackup, type BackupFile } from "./protocol/backup";
import { type Bytes, decode64, encode64, equal, sha256, utf8 } from "./protocol/bytes";
import { firstHead, type Srv, verifyPlace } from "./protocol/chain";
import { type Envelope, open, seal } from "./protocol/envelope";
import { CannotVerify, parseHeader } from "./protocol/header";
import { isVerified, type Report } from "./protocol/franking";
import { state, verifyLog } from "./protocol/keylog";
import { decodeRecovery, encodeRecovery } from "./protocol/recovery_code";
import { safetyNumber } from "./protocol/safety_number";
import { keyId, signerFromSeed } from "./protocol/signing";
import { nativeSuite, nobleSuite } from "./protocol/suite";
import type { CipherSuite } from "hpke";

const textOf = (text: string): Bytes => utf8(JSON.stringify({ t: "text", text }));

interface Person {
  user_id: string; identity_seed: string; device_seed: string; enc_seed: string; identity_pub: string;
  device_pub: string; enc_pub: string; enc_kid: string; device_kid: string;
  keylog: { stmt: string; sig: string; hash: string; pub: string }[];
}
interface Message { sender: "alice" | "bob"; env: Envelope; srv: Srv; body: string; kf: string }
interface Vectors {
  conv: string; h0: string; server_pub: string; alice: Person; bob: Person; messages: Message[];
  client_rejects: { name: string; code: string; reader: "alice" | "bob"; env: Envelope }[];
  backup: { passphrase: string; file: BackupFile };
  report: Report;
  attachments: { name: string; key: string; prefix: string; plain_len: number; blob_len: number; blob_sha256: string; blob?: string }[];
  safety_number: string;
}

const results: { passed: number; failed: string[] } = { passed: 0, failed: [] };

async function check(name: string, act: () => Promise<boolean>): Promise<void> {
  try {
    if (await act()) results.passed += 1;
    else results.failed.push(name);
  } catch (error) {
    results.failed.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function run(vectors: Vectors): Promise<void> {
  const people = { alice: vectors.alice, bob: vectors.bob };
  const conversation = decode64(vectors.conv);
  const serverPublic = decode64(vectors.server_pub);
  const serverKeys = new Map([[encode64(await keyId(1, serverPublic)), serverPublic]]);
  const suites: [string, CipherSuite][] = [["native", nativeSuite()], ["noble", await nobleSuite()]];
  const devices = new Map(Object.values(people).map((p) => [p.device_kid, decode64(p.device_pub)]));
  const find = (header: { deviceKid: Bytes }) => devices.get(encode64(header.deviceKid));
  await check("h0", async () => equal(await firstHead(conversation, decode64(vectors.alice.user_id), decode64(vectors.bob.user_id)), decode64(vectors.h0)));
  for (const [name, person] of Object.entries(people)) {
    await check(`${name} identity key`, async () => encode64((await signerFromSeed(decode64(person.identity_seed))).public) === person.identity_pub);
    await check(`${name} key log`, async () => {
      const entries = person.keylog.map((row) => ({ statement: row.stmt, sig: row.sig, public: row.pub }));
      const log = await verifyLog(decode64(person.user_id), entries);
      return encode64(log.head.hash) === person.keylog[person.keylog.length - 1]!.hash && log.devices.length === 1;
    });
    await check(`${name} second identity is refused`, async () => {
      const entries = person.keylog.map((row) => ({ statement: row.stmt, sig: row.sig, public: row.pub }));
      const pinned = (await verifyLog(decode64(person.user_id), entries)).head;
      const forger = await signerFromSeed(new Uint8Array(32).fill(7));
      const what = { role: 1, alg: 1, subject: forger.kid, publicKey: forger.public } as const;
      const [entry] = await state(decode64(person.user_id), what, forger, pinned, 1);
      const pin = { identity: decode64(person.identity_pub), head: pinned };
      return verifyLog(decode64(person.user_id), [...entries, entry], pin).then(() => false, (error: CannotVerify) => error.code === "stmt_role");
    });
    await check(`${name} log fork`, async () => {
      const entries = person.keylog.map((row) => ({ statement: row.stmt, sig: row.sig, public: row.pub }));
      const pinned = { identity: decode64(person.identity_pub), head: { seq: 2, hash: new Uint8Array(32) } };
      return verifyLog(decode64(person.user_id), entries, pinned).then(() => false, (error: CannotVerify) => error.code === "log_fork");
    });
  }
  for (const [suiteName, suite] of suites) {
    const keys = Object.fromEntries(await Promise.all(Object.entries(people).map(async ([name, p]) =>
      [name, [{ kid: decode64(p.enc_kid), key: await suite.DeserializePrivateKey(decode64(p.enc_seed)) }]])));
    let head = decode64(vectors.h0);
    for (const message of vectors.messages) {
      for (const reader of ["alice", "bob"]) {
        await check(`${suiteName} message ${message.srv.n} read by ${reader}`, async () => {
          const opened = await open(suite, message.env, conversation, keys[reader], find);
          return new TextDecoder().decode(opened.body) === message.body && encode64(opened.frankKey) === message.kf;
        });
      }
      await check(`${suiteName} place ${message.srv.n}`, async () => {
        head = await verifyPlace(conversation, message.srv, head, decode64(message.env.hdr), decode64(message.env.sig), serverKeys);
        return true;
      });
    }
    for (const reject of vectors.client_rejects) {
      await check(`${suiteName} ${reject.name}`, () => open(suite, reject.env, conversation, keys[reject.reader], find)
        .then(() => false, (error: CannotVerify) => error.code === reject.code));
    }
    await check(`${suiteName} round trip`, async () => {
      const device = await signerFromSeed(decode64(vectors.alice.device_seed));
      const old = parseHeader(decode64(vectors.messages[0]!.env.hdr));
      const envelope = await seal(suite, device, { ...old, seenHead: head }, { t: "text", text: "round trip" }, [decode64(vectors.alice.enc_pub), decode64(vectors.bob.enc_pub)]);
      const opened = await open(suite, envelope, conversation, keys["bob"], find);
      return equal(opened.body, textOf("round trip"));
    });
  }
  await check("backup by passphrase", async () => {
    const opened = await openBackup(vectors.backup.file, { passphrase: vectors.backup.passphrase });
    return encode64(opened.identitySeed) === vectors.alice.identity_seed && encode64(opened.seeds[0]!) === vectors.alice.enc_seed;
  });
  await check("report", () => isVerified(vectors.report, serverPublic, find));
  await check("report with another body", async () => !(await isVerified({ ...vectors.report, body: encode64(textOf("other")) }, serverPublic, find)));
  for (const row of vectors.attachments) {
    await check(`attachment ${row.name}`, async () => {
      const key = decode64(row.key);
      const plain = row.blob === undefined ? new Uint8Array(row.plain_len) : await openAttachment(decode64(row.blob), key);
      const blob = await sealAttachment(plain, key, decode64(row.prefix));
      const isSame = plain.length === row.plain_len && blob.length === row.blob_len && encode64(await sha256(blob)) === row.blob_sha256;
      return isSame && equal(await openAttachment(blob, key), plain);
    });
    await check(`attachment ${row.name} cut`, async () => {
      const key = decode64(row.key);
      const blob = await sealAttachment(new Uint8Array(row.plain_len), key, decode64(row.prefix));
      return openAttachment(blob.slice(0, -1), key).then(() => false, () => true);
    });
  }
  await check("safety number", async () => {
    const [alice, bob] = [vectors.alice, vectors.bob].map((p): [Bytes, Bytes] => [decode64(p.identity_pub), decode64(p.user_id)]);
    return (await safetyNumber(alice!, bob!)) === vectors.safety_number && (await safetyNumber(bob!, alice!)) === vectors.safety_number;
  });
  await check("recovery code", async () => {
    const code = (await sha256(conversation)).slice(0, 16);
    return equal(decodeRecovery(encodeRecovery(code).toLowerCase())!, code) && decodeRecovery(`1${encodeRecovery(code).slice(1)}`) === null;
  });
}

const response = await fetch("/vectors.json");
await run((await response.json()) as Vectors);
const output = document.createElement("pre");
output.id = "result";
output.textContent = JSON.stringify(results);
document.body.append(output);
