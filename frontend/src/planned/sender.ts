// What a creator planned leaves from here: a device of theirs that is online takes what is due, seals each message for
// its reader and sends it. The ids are fixed by the server: two devices that take the same one send it once.
import { post, Problem, request, type Schema } from "../api";
import { Conversation } from "../chat/conversation";
import type { Ack } from "../chat/conversation";
import { loadKeys, type MyKeys } from "../keys/keyring";
import { uuidBytes } from "../protocol/bytes";
import { CannotVerify } from "../protocol/header";
import { openNote } from "./notes";

const LOOK_EVERY_MS = 60_000;
/** Nobody is to blame: another time. */
const LATER = new Set(["offline", "unanswered", "muted", "rate_limited", "internal_error", "unavailable", "clock_skew"]);

type Due = Schema<"DueOut">;

export class PlannedSender {
  #keys: MyKeys | null = null;
  #isBusy = false;
  #isAsked = false;

  constructor(private readonly user: string) {}

  /** Look now and each minute. */
  start(): void {
    void this.look();
    setInterval(() => void this.look(), LOOK_EVERY_MS);
  }

  /** Send what is due. One page of a browser does it at a time; what falls due meanwhile is looked for right after. */
  async look(): Promise<void> {
    this.#isAsked = true;
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      while (this.#isAsked) {
        this.#isAsked = false;
        await navigator.locks.request(`pairly.planned.${this.user}`, async () => {
          while (await this.#sendSome());
        });
      }
    } catch (error) {
      if (!(error instanceof Problem || error instanceof CannotVerify)) throw error; // the next look tries again
    } finally {
      this.#isBusy = false;
    }
  }

  /** Whether there may be more. */
  async #sendSome(): Promise<boolean> {
    const { results } = await request<Schema<"DueListOut">>("POST", "messages/planned/due");
    if (results.length === 0) return false;
    this.#keys ??= await loadKeys(this.user);
    if (!this.#keys) return false;
    for (const due of results) {
      const code = await this.#send(due, this.#keys);
      if (code !== null) await request("POST", `messages/planned/messages/${due.message_id}`, { code });
    }
    return true;
  }

  /** "" when it is sent, a code when it is refused for good, null when it is to be tried again. */
  async #send(due: Due, keys: MyKeys): Promise<string | null> {
    try {
      const note = await openNote(this.user, keys, due.plan_id, due.box);
      const chat = new Conversation(due.conversation, this.user, due.user_id, keys);
      await chat.load();
      const outgoing = chat.begin({ kind: 5, body: { t: "text", text: note.text, auto: due.kind } });
      outgoing.id = uuidBytes(due.message_id);
      const deliver = (envelope: unknown) =>
        post<"/api/v1/messages">("messages", { conversation: due.conversation, envelope } as never) as Promise<Ack>;
      await chat.send(outgoing, deliver);
      return "";
    } catch (error) {
      if (error instanceof CannotVerify) return error.code;
      if (!(error instanceof Problem)) throw error;
      return LATER.has(error.code) ? null : error.code;
    }
  }
}
