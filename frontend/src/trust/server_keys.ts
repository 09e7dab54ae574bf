// The server's receipt keys: new ones may come, a known one never changes (e2e section 2.5).
import { get } from "../api";
import { type Bytes, decode64, encode64, equal } from "../protocol/bytes";
import { CannotVerify } from "../protocol/header";
import { checkPublicKey } from "../protocol/public_keys";
import { keyId } from "../protocol/signing";
import { changeServerKeys } from "./store";

/** By skid, those that were known before included. CannotVerify `server_key_changed`, or that of a weak key. */
export async function fetchServerKeys(me: string): Promise<Map<string, Bytes>> {
  const { keys } = await get<"/api/v1/keys/server">("keys/server");
  const said: Record<string, Bytes> = {};
  for (const key of keys) {
    const publicKey = decode64(key.public);
    checkPublicKey(1, publicKey);
    // A skid is made of its key: under another key it is a lie that needs no memory to be seen.
    if (encode64(await keyId(1, publicKey)) !== key.skid) throw new CannotVerify("server_key_changed");
    said[key.skid] = publicKey;
  }
  let isSame = true;
  const known = await changeServerKeys(me, (before = {}) => {
    isSame = Object.entries(said).every(([skid, key]) => !before[skid] || equal(before[skid], key));
    return isSame ? { ...before, ...said } : undefined;
  });
  if (!isSame) throw new CannotVerify("server_key_changed");
  return new Map(Object.entries(known ?? said));
}
