// What a person sees of the other one's keys, and of a server that lies: a notice that stops everything, lines in the
// log, the reason why a message is not shown. Codes become words through the table `trust_texts` of the page.
import { say, type Texts } from "../texts";
import type { KeyEvent, Person } from "../trust/person";
import type { Shown } from "./conversation";
import type { ChatPage, Feature } from "./page";
import { part } from "./parts";
import type { RowEntry } from "./rows";

const ICONS: Record<KeyEvent["what"], string> = { identity: "shield", device: "key", revoked: "key" };

/** The notice in the place of the composer. */
export class TrustNotice {
  constructor(private readonly root: HTMLElement, private readonly texts: Texts) {}

  /** The server said what cannot be true: nothing is sent any more, and nothing of it is shown. */
  alarm(code: string): void {
    this.#fill("alarm", say(this.texts, "alarm_title"), say(this.texts, this.texts[`alarm_${code}`] ? `alarm_${code}` : "alarm_other"), say(this.texts, "alarm_advice"));
    this.root.dataset["alarm"] = code;
    part(this.root, "trust-keys").hidden = code !== "own_identity_changed";
    part(this.root, "trust-reload").hidden = false;
  }

  /** The other one began anew, or somebody pretends to be them: the person decides. */
  async reset(person: Person, mine: Person, accept: () => Promise<void>): Promise<void> {
    this.#fill("reset", say(this.texts, "reset_title"), say(this.texts, "reset_text"), say(this.texts, "reset_advice"));
    const button = part<HTMLButtonElement>(this.root, "trust-accept");
    button.hidden = false;
    button.onclick = () => {
      button.disabled = true;
      void accept();
    };
    part(this.root, "trust-compare").hidden = false;
    const numbers = part(this.root, "trust-numbers");
    numbers.hidden = false;
    const { safetyNumbers, inGroups } = await import("../trust/numbers");
    const [before, now] = await safetyNumbers(mine, person);
    part(numbers, "trust-before").textContent = before ? inGroups(before) : "";
    part(numbers, "trust-now").textContent = inGroups(now);
    numbers.setAttribute("aria-busy", "false");
  }

  #fill(kind: "alarm" | "reset", title: string, text: string, advice: string): void {
    const notice = part(this.root, "trust");
    for (const name of ["trust-accept", "trust-compare", "trust-reload", "trust-keys", "trust-numbers"]) part(notice, name).hidden = true;
    notice.dataset["kind"] = kind;
    part(notice, "trust-title").textContent = title;
    part(notice, "trust-text").textContent = text;
    part(notice, "trust-advice").textContent = advice;
    part(notice, "trust-reload").onclick = () => location.reload();
    notice.hidden = false;
    this.root.classList.add("is-halted");
    this.root.removeAttribute("data-ready");
  }
}

export function makeTrust(page: ChatPage): Feature {
  const notice = new TrustNotice(page.root, page.texts);
  page.chat.onAlarm = (code) => notice.alarm(code);

  function look(): void {
    const { mine, theirs } = page.chat.people;
    part(page.root, "verified").hidden = !theirs?.isVerified;
    for (const event of mine.events) line(event, "mine");
    for (const event of theirs?.events ?? []) line(event, "theirs");
    page.rows.arrange();
    if (page.chat.alarm) return;
    if (theirs?.isNew) void notice.reset(theirs, mine, accept);
    else if (page.chat.obstacle === "keys_too_old") page.notices.show(say(page.texts, "keys_too_old"));
  }

  function line({ what, atMs }: KeyEvent, whose: "mine" | "theirs"): void {
    page.rows.note(`${whose}/${what}/${atMs}`, { atMs, icon: ICONS[what], text: say(page.texts, `line_${what}_${whose}`), kind: what });
  }

  async function accept(): Promise<void> {
    await page.chat.acceptIdentity();
    location.reload();
  }

  return {
    opened: look,
    frame(frame) {
      if (frame.type === "key.changed") look();
    },
    drawn: (entry, shown) => explain(entry, shown, page.texts),
  };
}

/** Below a message that is not shown: why, for who wants to know. */
function explain(entry: RowEntry, { problem }: Shown, texts: Texts): void {
  entry.element.querySelector(".bubble-why")?.remove();
  if (!problem) return;
  const why = document.createElement("details");
  why.className = "bubble-why";
  why.dataset["code"] = problem;
  const [summary, reason] = [document.createElement("summary"), document.createElement("p")];
  summary.textContent = say(texts, "why");
  reason.textContent = say(texts, texts[`why_${problem}`] ? `why_${problem}` : "why_other");
  why.append(summary, reason);
  part(entry.element, "hold").before(why);
}
