// What concerns the whole page: a notice, the state of the connection, words for screen readers.
import type { Problem } from "../api";
import { credits, say, type Texts } from "../texts";
import { part } from "./parts";

const QUIET_MS = 1_000;
const OFFER_MS = 10_000;

export class Notices {
  constructor(private readonly root: ParentNode) {}

  /** `isFatal`: nothing works until the page is loaded again. */
  show(text: string, isFatal = false): void {
    part(this.root, "notice-text").textContent = text;
    part(this.root, "reload-line").hidden = !isFatal;
    const notice = part(this.root, "notice");
    notice.classList.toggle("notice-error", isFatal);
    notice.hidden = false;
  }

  hide(): void {
    part(this.root, "notice").hidden = true;
  }

  /** Said, not shown: for what can be seen anyway. */
  announce(text: string): void {
    part(this.root, "announcer").textContent = text;
  }
}

/** The banner: silent for the first second, with a button when it takes long. */
export class Connection {
  #timers: number[] = [];

  constructor(private readonly root: ParentNode, tryNow: () => void) {
    part(root, "try-now").addEventListener("click", tryNow);
  }

  lost(): void {
    if (this.#timers.length > 0) return;
    const after = (ms: number, name: string) => window.setTimeout(() => (part(this.root, name).hidden = false), ms);
    this.#timers = [after(QUIET_MS, "connection"), after(OFFER_MS, "try-now")];
  }

  found(): void {
    this.#timers.forEach((timer) => clearTimeout(timer));
    this.#timers = [];
    part(this.root, "connection").hidden = true;
    part(this.root, "try-now").hidden = true;
  }
}

/** What a refusal means, in the reader's language. */
export function explain(texts: Texts, problem: Problem): string {
  const known = `problem_${problem.code}`;
  if (!texts[known]) return problem.document.title || say(texts, "problem_other");
  const cost = problem.document["cost_centi"];
  return say(texts, known, { price: typeof cost === "number" ? credits(cost) : "" });
}
