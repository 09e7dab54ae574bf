// Texts that a creator keeps on the server, sealed for themselves: HPKE to an encryption key of their own, so that
// every device of theirs reads them and the server does not. kid 32 || encapsulated key 1,120 || ciphertext.
import { currentEncryption, fetchLog, type MyKeys } from "../keys/keyring";
import { type Bytes, concat, decode64, encode64, equal, label, utf8, uuidBytes } from "../protocol/bytes";
import { CannotVerify } from "../protocol/header";
import { keyId } from "../protocol/signing";
import { suite } from "../protocol/suite";

export interface Note {
  text: string;
  title?: string;
}

const KID = 32;
const ENC = 1120;

const info = (user: string, id: string): Bytes => concat(label("note"), uuidBytes(user), uuidBytes(id));

export async function sealNote(user: string, id: string, note: Note): Promise<string> {
  const publicKey = currentEncryption(await fetchLog(user, user));
  const hpke = await suite();
  const key = await hpke.DeserializePublicKey(publicKey);
  const sealed = await hpke.Seal(key, utf8(JSON.stringify(note)), { info: info(user, id) });
  return encode64(concat(await keyId(2, publicKey), sealed.encapsulatedSecret, sealed.ciphertext));
}

/** Raises CannotVerify where no key of this person opens it, or it was sealed as something else. */
export async function openNote(user: string, keys: MyKeys, id: string, box: string): Promise<Note> {
  const raw = decode64(box);
  const mine = keys.encryption.find((one) => equal(one.kid, raw.slice(0, KID)));
  if (!mine) throw new CannotVerify("no_box_for_me");
  try {
    const plain = await (await suite()).Open(mine.key, raw.slice(KID, KID + ENC), raw.slice(KID + ENC), { info: info(user, id) });
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(plain)) as Note;
  } catch {
    throw new CannotVerify("decrypt_failed");
  }
}
