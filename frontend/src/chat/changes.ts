// What later messages say of earlier ones: new texts, deletions, reactions. Kept also for messages that the page has
// not got yet. No DOM here.
import { encode64 } from "../protocol/bytes";
import type { Outgoing, Shown } from "./conversation";

export interface Change {
  id: string;
  /** The message meant. */
  target: string;
  kind: number;
  /** Infinity until the server has numbered it. */
  n: number;
  atMs: number;
  isMine: boolean;
  /** Null when it could not be verified. */
  text: string | null;
}

export const EDIT = 2;
export const DELETION = 3;
export const REACTION = 4;

export class Changes {
  #byTarget = new Map<string, Change[]>();
  #ids = new Set<string>();

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  put(change: Change): void {
    const all = this.#of(change.target).filter((one) => one.id !== change.id);
    all.push(change);
    all.sort((a, b) => (a.n === b.n ? 0 : a.n - b.n));
    this.#byTarget.set(change.target, all);
    this.#ids.add(change.id);
  }

  drop({ target, id }: Pick<Change, "target" | "id">): void {
    this.#byTarget.set(target, this.#of(target).filter((one) => one.id !== id));
    this.#ids.delete(id);
  }

  /** The later texts of a message, the oldest first. Only its writer changes it, whatever a server lets through. */
  edits({ id, isMine }: Shown): Change[] {
    return this.#of(id).filter((one) => one.kind === EDIT && one.isMine === isMine);
  }

  /** Somebody's reaction to a message: their latest; "" is none. */
  reaction(id: string, isMine: boolean): string {
    return this.#of(id).filter((one) => one.kind === REACTION && one.isMine === isMine && one.text !== null).at(-1)?.text ?? "";
  }

  /** Write into `shown` what became of it. */
  onto(shown: Shown): void {
    if (this.#of(shown.id).some((one) => one.kind === DELETION && one.isMine === shown.isMine && one.text !== null)) {
      shown.isDeleted = shown.isErased = true;
      shown.body = shown.text = null;
    }
    if (shown.body) shown.text = this.edits(shown).filter((one) => one.text !== null).at(-1)?.text ?? shown.body.text ?? "";
  }

  #of(target: string): Change[] {
    return this.#byTarget.get(target) ?? [];
  }
}

/** The change that a message of kind 2 to 4 is. */
export function changeOf(shown: Shown): Change | null {
  if (shown.target === null || shown.isErased) return null;
  return { id: shown.id, target: shown.target, kind: shown.kind, n: shown.n, atMs: shown.recvMs, isMine: shown.isMine, text: shown.text };
}

/** The same before the server has it. */
export function changeToBe(outgoing: Outgoing): Change {
  const text = outgoing.body.text ?? "";
  return { id: encode64(outgoing.id), target: outgoing.target ?? "", kind: outgoing.kind, n: Infinity, atMs: Date.now(), isMine: true, text };
}
