// The conversation page: optimistic rows, price consent, deadlines. Plaintext goes to textContent and nowhere else.
import { get, Problem } from "../api";
import { loadKeys } from "../keys/keyring";
import { encode64 } from "../protocol/bytes";
import type { Envelope } from "../protocol/envelope";
import { ChatSocket, type Frame } from "../socket";
import { credits, readTexts, say, type Texts } from "../texts";
import { type Ack, Conversation, type Outgoing, type Row, type Shown } from "./conversation";

class PairlyConversation extends HTMLElement {
  #texts: Texts = {};
  #chat!: Conversation;
  #socket!: ChatSocket;
  #busy: Promise<void> = Promise.resolve();
  #rows = new Map<string, HTMLElement>();
  #pays = false;

  connectedCallback(): void {
    this.#texts = readTexts("chat-texts");
    this.#pays = this.dataset["pays"] === "true";
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.#textarea.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.#form.requestSubmit();
      }
    });
    void this.#start();
  }

  #data(name: string): string {
    return this.dataset[name] as string;
  }

  #part<T extends HTMLElement = HTMLElement>(name: string): T {
    return (this.querySelector(`[data-part="${name}"]`) ?? document.querySelector(`[data-part="${name}"]`)) as T;
  }

  get #form(): HTMLFormElement {
    return this.#part<HTMLFormElement>("composer");
  }

  get #textarea(): HTMLTextAreaElement {
    return this.#part<HTMLTextAreaElement>("text-input");
  }

  async #start(): Promise<void> {
    try {
      const keys = await loadKeys(this.#data("user"));
      if (!keys) {
        location.assign(`/keys/?next=${encodeURIComponent(location.pathname)}`);
        return;
      }
      this.#chat = new Conversation(this.#data("conversation"), this.#data("user"), this.#data("peer"), keys);
      for (const shown of await this.#chat.load()) this.#show(shown);
    } catch (error) {
      this.#notice(error instanceof Problem ? this.#explain(error) : say(this.#texts, "cannot_verify_chat"));
      return;
    }
    this.#showPrice();
    if (!this.#chat.peerHasKeys) this.#notice(say(this.#texts, "peer_has_no_keys"));
    else this.#enable();
    this.#socket = new ChatSocket(() => ({ [this.#chat.id]: this.#chat.n }));
    this.#socket.addEventListener("frame", (event) => this.#onFrame((event as CustomEvent<Frame>).detail));
    this.#socket.connect();
    this.#markRead();
  }

  #enable(): void {
    this.#textarea.disabled = false;
    this.#part<HTMLButtonElement>("send").disabled = false;
    this.setAttribute("data-ready", "");
  }

  // -- frames from the server, one after the other ------------------------------------------------------
  #onFrame(frame: Frame): void {
    this.#busy = this.#busy.then(() => this.#handle(frame)).catch(() => this.#notice(say(this.#texts, "cannot_verify_chat")));
  }

  async #handle(frame: Frame): Promise<void> {
    switch (frame.type) {
      case "ready":
        this.#showBalance(frame["balance_centi"] as number);
        this.#part("connection").hidden = true;
        break;
      case "message":
        if (frame["conversation"] !== this.#chat.id) break;
        for (const shown of await this.#chat.absorb([frame as unknown as Row])) this.#show(shown);
        this.#markRead();
        break;
      case "balance":
        this.#showBalance(frame["balance_centi"] as number);
        break;
      case "receipt":
        if (frame["conversation"] === this.#chat.id && frame["user_id"] === this.#data("peer")) this.#marks(frame);
        break;
      case "hold.released":
      case "hold.refunded":
        if (frame["conversation"] === this.#chat.id) this.#settle(frame);
        break;
      case "key.changed":
        await this.#chat.reloadPeer();
        if (this.#chat.peerHasKeys) this.#enable();
        break;
      case "local.offline":
        this.#part("connection").hidden = false;
        break;
      case "local.ended":
      case "session.revoked":
        location.assign("/sign-in/");
        break;
    }
  }

  #marks(frame: Frame): void {
    const read = (frame["read_n"] as number | undefined) ?? 0;
    const delivered = (frame["delivered_n"] as number | undefined) ?? 0;
    for (const row of this.#rows.values()) {
      const n = Number(row.dataset["n"]);
      if (row.dataset["mine"] !== "true" || !n) continue;
      if (n <= read) this.#status(row, "read");
      else if (n <= delivered && row.dataset["status"] !== "read") this.#status(row, "delivered");
    }
  }

  #settle(frame: Frame): void {
    const name = frame.type === "hold.released" ? "hold_released" : "hold_refunded";
    for (const row of this.#rows.values()) {
      const isMeant = frame.type === "hold.released" || Number(row.dataset["n"]) === frame["n"];
      if (row.dataset["hold"] === "open" && isMeant) this.#hold(row, name, say(this.#texts, name));
    }
  }

  #markRead(): void {
    const isVisible = document.visibilityState === "visible";
    if (this.#chat.n > 0) {
      this.#socket.tell({ type: "receipt", conversation: this.#chat.id, [isVisible ? "read_n" : "delivered_n"]: this.#chat.n });
    }
  }

  // -- rows ---------------------------------------------------------------------------------------------
  #newRow(id: string): HTMLElement {
    const template = this.#part<HTMLTemplateElement>("row");
    const row = (template.content.firstElementChild as HTMLElement).cloneNode(true) as HTMLElement;
    this.#rows.set(id, row);
    this.#part("list").append(row);
    return row;
  }

  #inRow(row: HTMLElement, part: string): HTMLElement {
    return row.querySelector(`[data-part="${part}"]`) as HTMLElement;
  }

  #show(shown: Shown): void {
    if (shown.kind !== 1 && shown.kind !== 5) return;
    const row = this.#rows.get(shown.id) ?? this.#newRow(shown.id);
    row.dataset["n"] = String(shown.n);
    row.dataset["mine"] = String(shown.isMine);
    const text = shown.isErased ? say(this.#texts, "erased") : (shown.text ?? say(this.#texts, "cannot_verify"));
    this.#inRow(row, "text").textContent = text;
    row.classList.toggle("is-unverified", shown.problem !== null);
    const time = this.#inRow(row, "time") as HTMLTimeElement;
    const at = new Date(shown.recvMs);
    time.dateTime = at.toISOString();
    time.textContent = at.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    if (shown.isMine) this.#status(row, shown.row.read_at ? "read" : shown.row.delivered ? "delivered" : "sent");
    this.#showHold(row, shown.row);
    row.scrollIntoView({ block: "nearest" });
  }

  #showHold(row: HTMLElement, from: Row): void {
    if (from.hold_state === "open" && from.hold_expires_at) {
      const until = new Date(from.hold_expires_at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
      this.#hold(row, "open", say(this.#texts, this.#pays ? "hold_open_fan" : "hold_open_creator", { until, credits: credits(from.charged_centi ?? 0) }));
    } else if (from.hold_state === "posted") this.#hold(row, "hold_released", say(this.#texts, "hold_released"));
    else if (from.hold_state === "voided") this.#hold(row, "hold_refunded", say(this.#texts, "hold_refunded"));
    else if (from.hold_state === undefined && !this.#pays) void this.#lookUpHold(row);
  }

  /** A pushed message says nothing of its hold: the creator's page asks for it. */
  async #lookUpHold(row: HTMLElement): Promise<void> {
    const n = Number(row.dataset["n"]);
    const page = await get<{ results: Row[] }>(`messages/history/${this.#data("peer")}?after_n=${n - 1}`);
    const found = page.results.find((candidate) => candidate.srv.n === n);
    if (found) this.#showHold(row, { ...found, hold_state: found.hold_state ?? null });
  }

  #hold(row: HTMLElement, state: string, text: string): void {
    row.dataset["hold"] = state;
    const part = this.#inRow(row, "hold");
    part.textContent = text;
    part.hidden = false;
  }

  #status(row: HTMLElement, status: string): void {
    row.dataset["status"] = status;
    this.#inRow(row, "status").textContent = say(this.#texts, `status_${status}`);
  }

  // -- sending ------------------------------------------------------------------------------------------
  async #submit(): Promise<void> {
    const text = this.#textarea.value.trim();
    if (!text || this.#textarea.disabled) return;
    this.#textarea.value = "";
    this.#notice("");
    const outgoing = this.#chat.begin(text);
    this.#busy = this.#busy.then(() => this.#send(outgoing));
    await this.#busy;
  }

  async #send(outgoing: Outgoing): Promise<void> {
    const id = encode64(outgoing.id);
    const row = this.#rows.get(id) ?? this.#newRow(id);
    row.dataset["mine"] = "true";
    row.classList.remove("is-failed");
    this.#inRow(row, "text").textContent = outgoing.text;
    this.#status(row, "sending");
    try {
      const [shown, ack] = await this.#chat.send(outgoing, (envelope) => this.#deliver(envelope));
      for (const one of shown) this.#show(one);
      this.#showBalance(ack.balance_centi);
    } catch (error) {
      this.#failed(outgoing, row, error);
    }
  }

  async #deliver(envelope: Envelope): Promise<Ack> {
    const frame = await this.#socket.ask({ type: "message.send", conversation: this.#chat.id, envelope });
    return frame as unknown as Ack;
  }

  /** The text stays, nothing was charged, and one button tries again (with the new price, once confirmed). */
  #failed(outgoing: Outgoing, row: HTMLElement, error: unknown): void {
    row.classList.add("is-failed");
    this.#status(row, "failed");
    const problem = error instanceof Problem ? error : null;
    const retry = this.#part<HTMLButtonElement>("retry");
    this.#notice(problem ? this.#explain(problem) : say(this.#texts, "cannot_verify_chat"), true);
    this.#part("buy").hidden = problem?.code !== "insufficient_credits";
    if (problem?.code === "price_changed") this.#showPrice();
    retry.onclick = () => {
      this.#notice("");
      this.#busy = this.#busy.then(() => this.#send(outgoing));
    };
  }

  #explain(problem: Problem): string {
    const known = `problem_${problem.code}`;
    const price = problem.document["price_centi"] ?? problem.document["cost_centi"];
    if (this.#texts[known]) return say(this.#texts, known, { price: typeof price === "number" ? credits(price) : "" });
    return problem.document.title || say(this.#texts, "problem_other");
  }

  #notice(text: string, withRetry = false): void {
    const notice = this.#part("notice");
    notice.hidden = text === "";
    this.#part("notice-text").textContent = text;
    this.#part("retry").hidden = !withRetry;
    this.#part("buy").hidden = true;
  }

  #showPrice(): void {
    const price = this.#chat.priceCenti;
    this.#part("send").textContent = price > 0 ? say(this.#texts, "send_for", { price: credits(price) }) : say(this.#texts, "send");
  }

  #showBalance(centi: number): void {
    const element = document.querySelector<HTMLElement>('[data-part="balance"]');
    if (element) element.textContent = credits(centi);
  }
}

customElements.define("pairly-conversation", PairlyConversation);
