// The socket: authentication by the first frame, acks by ref, resume after a reconnect.
import { Problem, type ProblemDocument } from "./api";

export interface Frame {
  type: string;
  [member: string]: unknown;
}

type Waiting = { resolve: (frame: Frame) => void; reject: (error: Error) => void; timer: number };

const ACK_WITHIN_MS = 15_000;
const PING_EVERY_MS = 25_000;
const PONG_WITHIN_MS = 8_000;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 15_000;

const problem = (code: string) => new Problem({ code, title: "", status: 0, detail: "" });

export class ChatSocket extends EventTarget {
  #socket: WebSocket | null = null;
  #waiting = new Map<string, Waiting>();
  #retryMs = RETRY_FIRST_MS;
  #retry = 0;
  #pinger = 0;
  #watch = 0;
  #isEnded = false;
  isReady = false;

  /** `heads` gives what the page has, so that a reconnect fetches the rest. */
  constructor(private readonly heads: () => Record<string, number>) {
    super();
    window.addEventListener("offline", () => this.#drop());
    window.addEventListener("online", () => this.retryNow());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#ping();
    });
  }

  connect(): void {
    clearTimeout(this.#retry);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/messages/ws`, "pairly.v1");
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ type: "auth" }));
    socket.onmessage = (event) => this.#receive(JSON.parse(String(event.data)) as Frame);
    socket.onclose = (event) => this.#closed(socket, event.code);
  }

  /** Connect at once instead of at the next turn. */
  retryNow(): void {
    if (this.#isEnded || this.#socket) return;
    this.#retryMs = RETRY_FIRST_MS;
    this.connect();
  }

  #receive(frame: Frame): void {
    clearTimeout(this.#watch);
    if (frame.type === "ready") this.#begin();
    const waiting = typeof frame["ref"] === "string" ? this.#waiting.get(frame["ref"]) : undefined;
    if (waiting) {
      this.#waiting.delete(frame["ref"] as string);
      clearTimeout(waiting.timer);
      if (frame.type === "error") waiting.reject(new Problem(frame["problem"] as ProblemDocument));
      else waiting.resolve(frame);
      return;
    }
    this.#tellPage(frame);
  }

  #begin(): void {
    this.isReady = true;
    this.#retryMs = RETRY_FIRST_MS;
    this.#pinger = window.setInterval(() => this.#ping(), PING_EVERY_MS);
    this.tell({ type: "resume", heads: this.heads() });
  }

  /** A connection that does not answer is dead, whatever the browser still believes. */
  #ping(): void {
    if (!this.isReady) return;
    this.tell({ type: "ping" });
    clearTimeout(this.#watch);
    this.#watch = window.setTimeout(() => this.#drop(), PONG_WITHIN_MS);
  }

  /** Close without waiting for the other side to agree. */
  #drop(): void {
    const socket = this.#socket;
    if (!socket) return;
    socket.onclose = null;
    socket.onmessage = null;
    socket.close();
    this.#closed(socket, 1006);
  }

  #closed(socket: WebSocket, code: number): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.isReady = false;
    clearInterval(this.#pinger);
    clearTimeout(this.#watch);
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(problem("unanswered"));
    }
    this.#waiting.clear();
    this.#isEnded ||= code === 4401 || code === 4403;
    this.#tellPage({ type: this.#isEnded ? "local.ended" : "local.offline" });
    if (this.#isEnded) return;
    this.#retry = window.setTimeout(() => this.connect(), this.#retryMs * (0.5 + Math.random() / 2));
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
  }

  #tellPage(frame: Frame): void {
    this.dispatchEvent(new CustomEvent<Frame>("frame", { detail: frame }));
  }

  /** Send a frame that nobody answers. Dropped when offline. */
  tell(frame: Frame): void {
    if (this.isReady) this.#socket?.send(JSON.stringify(frame));
  }

  /**
   * Send a frame and wait for its ack. Rejects with the server's problem, `offline` when the frame never left, or
   * `unanswered` when it left and nobody knows what became of it.
   */
  ask(frame: Frame): Promise<Frame> {
    const socket = this.#socket;
    if (!this.isReady || !socket) return Promise.reject(problem("offline"));
    const ref = crypto.randomUUID();
    return new Promise((resolve, reject) => {
      // No ack in this time: connect anew, and with it ask what arrived. `#closed` rejects what waits.
      const timer = window.setTimeout(() => this.#drop(), ACK_WITHIN_MS);
      this.#waiting.set(ref, { resolve, reject, timer });
      socket.send(JSON.stringify({ ...frame, ref }));
    });
  }
}
