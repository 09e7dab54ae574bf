// A sealed blob on its way to the server, in parts. A lost connection is waited for, and the server asked which parts it
// has; whatever it refuses goes to the caller.
import { csrfToken, get, post, Problem, request, type ProblemDocument, type Schema } from "../api";
import { hashOf } from "./attachments_hash";

type State = Schema<"AttachmentUploadOut">;

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
const AGAIN = new Set(["parts_missing", "upload_changed"]);

export interface UploadView {
  /** From 0 to 1. */
  progress(share: number): void;
  /** The connection is lost; it goes on by itself. */
  waiting(): void;
}

export class Upload {
  #id = "";
  #stop = new AbortController();
  #goOn: () => void = () => undefined;

  constructor(private readonly conversation: string, private readonly blob: Blob, private readonly view: UploadView) {}

  /** Until all of it is there; answers the blob's hash, base64url. Throws Problem, or AbortError once called off. */
  async run(): Promise<string> {
    const sha256 = await hashOf(this.blob);
    this.#stop.signal.throwIfAborted();
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      try {
        await this.#send(sha256);
        return sha256;
      } catch (error) {
        this.#stop.signal.throwIfAborted();
        if (error instanceof Problem && error.code === "not_found" && this.#id) this.#id = ""; // forgotten: from the start
        else if (!isPassing(error)) throw error;
        this.view.waiting();
        await this.#wait(waitMs);
      }
    }
  }

  /** Do not wait any longer for a lost connection. */
  tryNow(): void {
    this.#goOn();
  }

  /** Call it off, here and at the server. */
  cancel(): void {
    this.#stop.abort();
    this.#goOn();
    if (this.#id) void request("DELETE", `attachments/${this.#id}`).catch(() => undefined); // else it expires there
  }

  async #send(sha256: string): Promise<void> {
    const state = await this.#state();
    this.#id = state.id;
    if (state.state === "complete") return;
    const received = new Set(state.received);
    this.view.progress(received.size / state.n_parts);
    for (let i = 0; i < state.n_parts; i++) {
      if (received.has(i)) continue;
      this.#stop.signal.throwIfAborted();
      await this.#put(i, this.blob.slice(i * state.part_bytes, (i + 1) * state.part_bytes));
      received.add(i);
      this.view.progress(received.size / state.n_parts);
    }
    await post<"/api/v1/attachments/{uid}/complete">(`attachments/${this.#id}/complete`, { sha256 });
  }

  #state(): Promise<State> {
    if (this.#id) return get<"/api/v1/attachments/{uid}">(`attachments/${this.#id}`);
    return post<"/api/v1/attachments">("attachments", { conversation: this.conversation, length: this.blob.size });
  }

  async #put(number: number, part: Blob): Promise<void> {
    const response = await fetch(`/api/v1/attachments/${this.#id}/parts/${number}`, {
      method: "PUT",
      credentials: "same-origin",
      headers: { Accept: "application/json", "Content-Type": "application/octet-stream", "X-CSRFToken": csrfToken() },
      body: part,
      signal: this.#stop.signal,
    });
    if (!response.ok) throw new Problem((await response.json()) as ProblemDocument);
  }

  #wait(ms: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        removeEventListener("online", over);
        resolve();
      };
      const timer = setTimeout(over, ms);
      addEventListener("online", over);
      this.#goOn = over;
    }).then(() => this.#stop.signal.throwIfAborted());
  }
}

/** Whether the same may succeed later: no connection, a server that is busy, an answer that is none of ours. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof Problem)) return true;
  const { status, code } = error.document;
  return code === "offline" || status >= 500 || code === "rate_limited" || AGAIN.has(code);
}
