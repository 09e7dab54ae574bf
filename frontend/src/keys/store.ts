// What this device keeps (IndexedDB): the device key pair and the keyring key, neither can be read out; pins.
// Encryption seeds are never stored: the keyring is fetched and opened once per page.

export interface DeviceRecord {
  user: string;
  pair: CryptoKeyPair;
  keyringKey: CryptoKey;
  /** Of the backup that the keyring key opens; another device may have made a new one. Old records have none. */
  gen?: string;
  version: number;
}

export interface Pin {
  identity: Uint8Array<ArrayBuffer>;
  seq: number;
  hash: Uint8Array<ArrayBuffer>;
}

const DEVICES = "devices";
const PINS = "pins";

function database(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("pairly", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(DEVICES, { keyPath: "user" });
      request.result.createObjectStore(PINS);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("no storage"));
  });
}

async function run<T>(store: string, mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await database();
  try {
    return await new Promise<T>((resolve, reject) => {
      const request = act(db.transaction(store, mode).objectStore(store));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error("storage failed"));
    });
  } finally {
    db.close();
  }
}

export const findDevice = (user: string): Promise<DeviceRecord | undefined> =>
  run(DEVICES, "readonly", (store) => store.get(user) as IDBRequest<DeviceRecord | undefined>);

export async function saveDevice(record: DeviceRecord): Promise<void> {
  await run(DEVICES, "readwrite", (store) => store.put(record));
}

/** Pins are kept per viewer: `me/peer`. */
export const findPin = (me: string, peer: string): Promise<Pin | undefined> =>
  run(PINS, "readonly", (store) => store.get(`${me}/${peer}`) as IDBRequest<Pin | undefined>);

export async function savePin(me: string, peer: string, pin: Pin): Promise<void> {
  await run(PINS, "readwrite", (store) => store.put(pin, `${me}/${peer}`));
}

export async function dropPin(me: string, peer: string): Promise<void> {
  await run(PINS, "readwrite", (store) => store.delete(`${me}/${peer}`));
}
