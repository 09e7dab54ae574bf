// Requests of people one does not know, being away, and who writes for free: what the page says of them, live.
import { post, Problem, request } from "../api";
import type { Frame } from "../socket";
import { credits, language, say } from "../texts";
import { explain } from "./notices";
import type { ChatPage, Feature, MakeFeature } from "./page";
import { part } from "./parts";
import type { RowEntry } from "./rows";
import type { Shown } from "./conversation";

const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", timeZone: "UTC" });

class Contact implements Feature {
  readonly #banner: HTMLElement;
  readonly #away: HTMLElement;
  readonly #free: HTMLElement;
  #hasWritten = false;

  constructor(private readonly page: ChatPage) {
    this.#banner = part(page.root, "request");
    this.#away = part(page.root, "contact-away");
    this.#free = part(page.root, "contact-free");
    // To decline is left to the form: it leads away from here.
    part(this.#banner, "request-accept").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#accept();
    });
  }

  frame(frame: Frame): void | Promise<void> {
    if (frame.type === "request" && frame["conversation"] === this.page.chat.id) this.#setState(frame["state"] as string);
    if (frame["user_id"] !== this.page.peer) return frame.type === "message" ? this.#learnPrice(frame) : undefined;
    if (frame.type === "away") this.#setAway(frame["until"] as string | null);
    if (frame.type === "price.changed") this.#setPrice(frame["price_centi"] as number);
  }

  /** Who answers has accepted. */
  drawn(_entry: RowEntry, shown: Shown): void {
    if (!shown.isMine || shown.kind !== 1) return;
    this.#hasWritten = true;
    if (!this.#banner.hidden) this.#setState("accepted");
  }

  async #accept(): Promise<void> {
    try {
      await request<null>("POST", `messages/conversations/${this.page.chat.id}/accept`);
      this.#setState("accepted");
      this.page.composer.focus();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.page.notices.show(explain(this.page.texts, error));
    }
  }

  /** Once accepted, what is on the screen is read; before, the server kept it to itself. */
  #setState(state: string): void {
    const wasOpen = !this.#banner.hidden;
    this.#banner.hidden = state !== "asked" && state !== "declined";
    if (wasOpen && state === "accepted" && document.visibilityState === "visible") {
      this.page.socket.tell({ type: "receipt", conversation: this.page.chat.id, read_n: this.page.chat.n });
    }
  }

  #setAway(until: string | null): void {
    this.#away.hidden = until === null;
    if (until) part(this.#away, "contact-away-text").textContent = say(this.page.texts, "away_until", { day: day.format(new Date(until)) });
  }

  /** For what is written from now on; what was agreed to before is asked again when it is sent. */
  #setPrice(centi: number): void {
    const pays = this.#away.dataset["pays"] === "yes";
    this.page.chat.priceCenti = centi;
    this.page.composer.price = centi;
    this.#free.hidden = !pays || centi > 0 || !this.#away.hidden;
    const fact = part(this.page.root, "price-fact");
    fact.hidden = centi === 0;
    part(fact, "price-line").textContent = say(this.page.texts, "price_line", { price: credits(centi) });
  }

  /** A creator who writes first lets the other one write for free. */
  async #learnPrice(frame: Frame): Promise<void> {
    if (frame["conversation"] !== this.page.chat.id || this.#hasWritten || this.page.chat.priceCenti === 0) return;
    try {
      const opened = await post<"/api/v1/messages/conversations">("messages/conversations", { user_id: this.page.peer });
      this.#setPrice(opened.price_centi);
    } catch (error) {
      if (!(error instanceof Problem)) throw error; // the price is asked for again when something is sent
    }
  }
}

export const contact: MakeFeature = (page) => new Contact(page);
