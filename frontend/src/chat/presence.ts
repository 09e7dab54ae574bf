// Whether the other one is online, or when they were last here. It begins as the server wrote it into the page.
import type { Frame } from "../socket";
import { language, say, type Texts } from "../texts";

const AGAIN_MS = 30_000;
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]];
const relative = new Intl.RelativeTimeFormat(language);

type State = { is_online: boolean; last_seen_at: string | null };

export class Presence {
  #state: State;

  constructor(
    private readonly line: HTMLElement,
    private readonly peer: string,
    private readonly texts: Texts,
    private readonly tell: (frame: Frame) => void,
  ) {
    this.#state = { is_online: line.classList.contains("is-online"), last_seen_at: line.dataset["seen"] || null };
    setInterval(() => this.#show(), AGAIN_MS);
  }

  /** A frame from the server. Pushes are not repeated: a page that has just been connected asks. */
  take(frame: Frame): void {
    if (frame.type === "presence" && frame["user_id"] === this.peer) this.#set(frame as unknown as State);
    if (frame.type === "ready") this.tell({ type: "presence", of: this.peer });
  }

  #set(state: State): void {
    this.#state = state;
    this.#show();
  }

  #show(): void {
    const { is_online: isOnline, last_seen_at: seenAt } = this.#state;
    this.line.hidden = !isOnline && !seenAt;
    this.line.classList.toggle("is-online", isOnline);
    if (isOnline) this.line.textContent = say(this.texts, "online");
    else if (seenAt) this.line.textContent = say(this.texts, "seen", { ago: ago(Date.now() - Date.parse(seenAt)) });
  }
}

/** "5 minutes ago", in the largest unit that fits. */
function ago(ms: number): string {
  const [unit, length] = UNITS.find(([, length]) => ms >= length) ?? ["minute", 60_000];
  return relative.format(-Math.max(1, Math.floor(ms / length)), unit);
}
