// The socket: authentication by the first frame, acks by ref, resume after a reconnect.
import { Problem, type ProblemDocument } from "./api";

export interface Frame {
  type: string;
  [member: string]: unknown;
}

type Waiting = { resolve: (frame: Frame) => void; reject: (error: Error) => void; timer: number };

const ACK_WITHIN_MS = 15_000;
const PING_EVERY_MS = 25_000;
const RETRY_MAX_MS = 15_000;

export class ChatSocket extends EventTarget {
  #socket: WebSocket | null = null;
  #waiting = new Map<string, Waiting>();
  #retryMs = 500;
  #pinger = 0;
  #isEnded = false;
  isReady = false;

  /** `heads` gives what the page has, so that a reconnect fetches the rest. */
  constructor(private readonly heads: () => Record<string, number>) {
    super();
  }

  connect(): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/messages/ws`, "pairly.v1");
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ type: "auth" }));
    socket.onmessage = (event) => this.#receive(JSON.parse(String(event.data)) as Frame);
    socket.onclose = (event) => this.#closed(event.code);
  }

  #receive(frame: Frame): void {
    if (frame.type === "ready") {
      this.isReady = true;
      this.#retryMs = 500;
      this.#pinger = window.setInterval(() => this.tell({ type: "ping" }), PING_EVERY_MS);
      this.tell({ type: "resume", heads: this.heads() });
    }
    const waiting = typeof frame["ref"] === "string" ? this.#waiting.get(frame["ref"]) : undefined;
    if (waiting) {
      this.#waiting.delete(frame["ref"] as string);
      clearTimeout(waiting.timer);
      if (frame.type === "error") waiting.reject(new Problem(frame["problem"] as ProblemDocument));
      else waiting.resolve(frame);
      return;
    }
    this.dispatchEvent(new CustomEvent<Frame>("frame", { detail: frame }));
  }

  #closed(code: number): void {
    this.isReady = false;
    clearInterval(this.#pinger);
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new Problem({ code: "offline", title: "", status: 0, detail: "" }));
    }
    this.#waiting.clear();
    this.#isEnded ||= code === 4401 || code === 4403;
    this.dispatchEvent(new CustomEvent<Frame>("frame", { detail: { type: this.#isEnded ? "local.ended" : "local.offline" } }));
    if (this.#isEnded) return;
    setTimeout(() => this.connect(), this.#retryMs * (0.5 + Math.random() / 2));
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
  }

  /** Send a frame that nobody answers. Dropped when offline. */
  tell(frame: Frame): void {
    if (this.isReady) this.#socket?.send(JSON.stringify(frame));
  }

  /** Send a frame and wait for its ack; rejects with the server's problem, or `offline`. */
  ask(frame: Frame): Promise<Frame> {
    if (!this.isReady) return Promise.reject(new Problem({ code: "offline", title: "", status: 0, detail: "" }));
    const ref = crypto.randomUUID();
    return new Promise((resolve, reject) => {
      const timer = window.setTimeout(() => {
        this.#waiting.delete(ref);
        reject(new Problem({ code: "offline", title: "", status: 0, detail: "" }));
      }, ACK_WITHIN_MS);
      this.#waiting.set(ref, { resolve, reject, timer });
      this.#socket?.send(JSON.stringify({ ...frame, ref }));
    });
  }
}
