// What this device has seen of others and of the server, so that neither can be exchanged behind its back (IndexedDB).
// Kept per viewer: two people who use one browser do not share what they trust.
import type { Bytes } from "../protocol/bytes";

/** Where one key log was last seen. */
export interface LogPin {
  identity: Bytes;
  seq: number;
  hash: Bytes;
}

export interface PersonPin {
  /** By the number of the log: an identity reset begins the next one. */
  logs: Record<number, LogPin>;
  /** The newest log whose identity this person accepts. */
  acceptedNo: number;
  /** The identity whose safety number was compared. */
  verified?: Bytes;
}

/** A head of a conversation's chain that was verified here. */
export interface Point {
  n: number;
  head: string;
}

/** The newest point last; those before it wait until the history between is loaded. */
export interface ChatPin {
  points: Point[];
}

const DATABASE = "pairly-trust";
const STORES = ["people", "chats", "server"] as const;
type Store = (typeof STORES)[number];

function database(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      for (const name of STORES) request.result.createObjectStore(name);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("no storage"));
  });
}

/** Read and write in one transaction: another tab cannot come between. `change` gives undefined to leave it. */
async function update<T>(name: Store, key: string, change: (before: T | undefined) => T | undefined): Promise<T | undefined> {
  const db = await database();
  try {
    return await new Promise<T | undefined>((resolve, reject) => {
      const transaction = db.transaction(name, "readwrite");
      const store = transaction.objectStore(name);
      let result: T | undefined;
      const read = store.get(key) as IDBRequest<T | undefined>;
      read.onsuccess = () => {
        const after = change(read.result);
        result = after ?? read.result;
        if (after !== undefined) store.put(after, key);
      };
      transaction.oncomplete = () => resolve(result);
      transaction.onerror = () => reject(transaction.error ?? new Error("storage failed"));
      transaction.onabort = () => reject(transaction.error ?? new Error("storage failed"));
    });
  } finally {
    db.close();
  }
}

export const findPerson = (me: string, peer: string): Promise<PersonPin | undefined> => update<PersonPin>("people", `${me}/${peer}`, () => undefined);

export const changePerson = (me: string, peer: string, change: (before: PersonPin | undefined) => PersonPin | undefined): Promise<PersonPin | undefined> =>
  update("people", `${me}/${peer}`, change);

export const findChat = (me: string, conversation: string): Promise<ChatPin | undefined> => update<ChatPin>("chats", `${me}/${conversation}`, () => undefined);

export const changeChat = (me: string, conversation: string, change: (before: ChatPin | undefined) => ChatPin | undefined): Promise<ChatPin | undefined> =>
  update("chats", `${me}/${conversation}`, change);

/** The server's receipt keys by skid, and what becomes of them. */
export const changeServerKeys = (me: string, change: (before: Record<string, Bytes> | undefined) => Record<string, Bytes> | undefined): Promise<Record<string, Bytes> | undefined> =>
  update("server", me, change);
