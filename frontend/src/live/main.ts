// On every page of who is signed in: what happens to them shows at once. One page of a browser holds the socket and
// tells the others, so ten tabs are one connection; when it closes, the next one takes over.
import { ChatSocket, type Frame } from "../socket";
import { credits } from "../texts";
import { part } from "../chat/parts";
import { count, take } from "./news";

const user = part(document, "toasts").dataset["user"] as string;
const name = `pairly.live.${user}`;
const channel = new BroadcastChannel(name);
// Pages of this origin alone can be at the other end (HTML, 9.5).
channel.onmessage = (event: MessageEvent<Frame>) => show(event.data);

function show(frame: Frame): void {
  take(frame);
  const balance = document.querySelector('[data-part="balance"]');
  const isNews = frame.type === "message" || frame.type.startsWith("hold.");
  const news = document.querySelector<HTMLElement>('[data-part="inbox-news"]');
  if (news && isNews) news.hidden = false;
  if (frame.type === "balance" && balance) balance.textContent = credits(frame["balance_centi"] as number);
}

const TOLD = new Set(["notification", "notification.read", "balance", "message", "hold.refunded", "hold.released"]);

/** Open the socket, and keep the name of its holder until the page goes. */
function hold(): Promise<never> {
  const socket = new ChatSocket(() => ({}));
  let wasAway = false;
  socket.addEventListener("frame", (event) => {
    const frame = (event as CustomEvent<Frame>).detail;
    if (frame.type === "local.offline") wasAway = true;
    else if (frame.type === "ready" && wasAway) void askAnew();
    if (!TOLD.has(frame.type)) return;
    const told = frame.type === "message" ? { type: frame.type } : frame; // that one came is enough for a list
    show(told);
    channel.postMessage(told);
  });
  socket.connect();
  return new Promise(() => undefined);
}

/** Pushes are not repeated: after a time without a connection the count may be an old one. */
async function askAnew(): Promise<void> {
  const response = await fetch("/api/v1/notifications?limit=1", { headers: { Accept: "application/json" } }).catch(() => null);
  if (response?.ok) count(((await response.json()) as { n_unread: number }).n_unread);
}

void navigator.locks.request(name, hold);
