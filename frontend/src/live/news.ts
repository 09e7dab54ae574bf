// What arrives while a page is open: the count at the bell, and for a while a line at the edge.
import { part } from "../chat/parts";
import type { Frame } from "../socket";

const SHOWN_MS = 8_000;
const SHOWN_AT_ONCE = 3;
const COUNTED_TO = 99;

/** Update what the page shows. `isOpen` says whether the reader already looks at what the frame tells of. */
export function take(frame: Frame, isOpen: (url: string) => boolean = () => false): void {
  if (frame.type !== "notification" && frame.type !== "notification.read") return;
  count(frame["n_unread"] as number);
  if (frame.type !== "notification") return;
  const url = frame["url"] as string;
  // Of several pages that are in sight one shows it: whoever holds its name first.
  if (document.visibilityState === "visible") void once(frame["id"] as string, () => (isOpen(url) ? wait() : toast(url, frame["title"] as string)));
}

/** Show how much is unread. */
export function count(n: number): void {
  const bell = document.querySelector<HTMLElement>('[data-part="bell"]');
  if (!bell) return;
  part(bell, "bell-number").textContent = n > COUNTED_TO ? `${COUNTED_TO}+` : String(n);
  part(bell, "bell-count").hidden = n === 0;
}

async function once(id: string, show: () => Promise<void>): Promise<void> {
  await navigator.locks.request(`pairly.toast.${id}`, { ifAvailable: true }, (lock) => (lock ? show() : undefined));
}

function wait(): Promise<void> {
  return new Promise((done) => setTimeout(done, SHOWN_MS));
}

/** A line that leaves by itself unless somebody points at it or is in it. It takes no focus; screen readers say it. */
function toast(url: string, title: string): Promise<void> {
  const room = part(document, "toasts");
  const one = part<HTMLTemplateElement>(document, "toast").content.cloneNode(true) as DocumentFragment;
  const element = one.firstElementChild as HTMLElement;
  const link = part<HTMLAnchorElement>(element, "toast-link");
  link.href = url;
  link.textContent = title;
  room.append(element);
  while (room.childElementCount > SHOWN_AT_ONCE) room.firstElementChild?.remove();
  return new Promise((done) => {
    const leave = (): void => {
      clearInterval(timer);
      element.remove();
      done();
    };
    const isHeld = (): boolean => element.matches(":hover, :focus-within");
    const timer = setInterval(() => isHeld() || leave(), SHOWN_MS);
    part(element, "toast-close").addEventListener("click", leave);
  });
}
