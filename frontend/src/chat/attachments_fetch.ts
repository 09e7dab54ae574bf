// A blob comes down, whole and checked: its length and hash are those that the message's signed header names, and every
// chunk opens under the key that the message holds. Nothing of it is shown before.
import { Problem, type ProblemDocument } from "../api";
import { openFile } from "../protocol/attachments";
import { type Bytes, decode64 } from "../protocol/bytes";
import { hashOf } from "./attachments_hash";
import type { Safe } from "./attachments_kinds";

/** Not what was sent: changed, cut, or for another key. */
export class Unverified extends Error {}

export class Download {
  #received: Bytes[] = [];
  #n = 0;

  constructor(private readonly conversation: string, private readonly wanted: Safe) {}

  /** The file. Throws Problem for what is not to be had now: asked again, it goes on where it broke off. Or Unverified. */
  async run(): Promise<Blob> {
    await this.#fetch();
    const blob = new Blob(this.#received);
    this.#received = [];
    this.#n = 0;
    if (blob.size !== this.wanted.len || (await hashOf(blob)) !== this.wanted.sha256) throw new Unverified();
    try {
      return await openFile(blob, decode64(this.wanted.key), this.wanted.mime);
    } catch {
      throw new Unverified();
    }
  }

  async #fetch(): Promise<void> {
    const offline = (): never => {
      throw new Problem({ code: "offline", title: "", status: 0, detail: "" });
    };
    const headers = { Accept: "application/octet-stream, application/json", ...(this.#n > 0 ? { Range: `bytes=${this.#n}-` } : {}) };
    const address = `/api/v1/attachments/blobs/${this.conversation}/${this.wanted.sha256}`;
    const response = await fetch(address, { credentials: "same-origin", headers }).catch(offline);
    if (!response.ok) throw new Problem((await response.json().catch(offline)) as ProblemDocument);
    if (response.status !== 206) [this.#received, this.#n] = [[], 0];
    const reader = response.body!.getReader();
    for (;;) {
      const { value, done } = await reader.read().catch(offline);
      if (done) return;
      this.#received.push(value as Bytes);
      this.#n += value.length;
      if (this.#n > this.wanted.len) {
        void reader.cancel();
        return;
      }
    }
  }
}
