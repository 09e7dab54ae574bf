// Buying credits without leaving the chat: the payment is another tab's, the message waits here. Where this does not
// work, the links to the page of packages do.
import { type Answer, get, Problem, request, type Schema } from "../api";
import type { Frame } from "../socket";
import { credits, language, say } from "../texts";
import type { ChatPage, Feature, MakeFeature } from "./page";
import { part } from "./parts";

type Checkout = Answer<"/api/v1/payments/checkout", "post">;

class Buying implements Feature {
  readonly #sheet: HTMLDialogElement;
  readonly #pay: HTMLButtonElement;
  readonly #open: HTMLAnchorElement;
  #balanceCenti = 0;
  #waitsAboveCenti: number | null = null;
  /** What the buyer came from: a message that costs more than they had. */
  #row: Element | null = null;

  constructor(private readonly page: ChatPage) {
    this.#sheet = part<HTMLDialogElement>(page.root, "buy-sheet");
    this.#pay = part<HTMLButtonElement>(this.#sheet, "buy-pay");
    this.#open = part<HTMLAnchorElement>(this.#sheet, "buy-open");
    this.#pay.addEventListener("click", () => void this.#checkOut());
    page.root.addEventListener("click", (event) => {
      const link = (event.target as Element).closest("a[data-buy]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.#row = link.closest(".bubble");
      void this.#show((link as HTMLAnchorElement).href);
    });
  }

  frame(frame: Frame): void {
    if (frame.type !== "balance" && frame.type !== "ready") return;
    this.#balanceCenti = frame["balance_centi"] as number;
    if (this.#waitsAboveCenti !== null && this.#balanceCenti > this.#waitsAboveCenti) this.#arrived();
  }

  /** Without the list the page of packages has one. */
  async #show(otherwise: string): Promise<void> {
    try {
      const packages = (await get<"/api/v1/payments/packages">("payments/packages")).results;
      part(this.#sheet, "buy-choices").querySelectorAll("label").forEach((old) => old.remove());
      for (const one of packages) this.#offer(one);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      location.assign(otherwise);
      return;
    }
    this.#pay.hidden = false;
    this.#pay.disabled = false;
    this.#open.hidden = true;
    this.#say("");
    if (!this.#sheet.open) this.#sheet.showModal();
  }

  #offer(one: Schema<"PackageOut">): void {
    const price = one.prices[0];
    if (!price) return;
    const choices = part(this.#sheet, "buy-choices");
    const row = part<HTMLTemplateElement>(this.#sheet, "buy-package").content.cloneNode(true) as DocumentFragment;
    const input = row.querySelector("input") as HTMLInputElement;
    input.value = one.id;
    input.dataset["currency"] = price.currency;
    input.checked = choices.querySelector("input:checked") === null;
    part(row, "buy-credits").textContent = say(this.page.texts, "buy_credits", { credits: credits(one.credits_centi) });
    part(row, "buy-price").textContent = new Intl.NumberFormat(language, { style: "currency", currency: price.currency }).format(price.amount_minor / 100);
    choices.append(row);
  }

  async #checkOut(): Promise<void> {
    const chosen = this.#sheet.querySelector<HTMLInputElement>("input:checked");
    if (!chosen) return;
    this.#pay.disabled = true;
    this.#waitsAboveCenti = this.#balanceCenti;
    const body = { package_id: chosen.value, provider: "stripe", currency: chosen.dataset["currency"] };
    try {
      const checkout = await request<Checkout>("POST", "payments/checkout", body, { "Idempotency-Key": crypto.randomUUID() });
      this.#pay.hidden = true;
      this.#open.href = checkout.checkout_url;
      this.#open.hidden = false;
      this.#say("buy_waiting");
      this.#open.click(); // a browser that lets no window open leaves the link to press
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#waitsAboveCenti = null;
      this.#pay.disabled = false;
      this.#refuse(error);
    }
  }

  /** What was refused and what to do next: the rule that spoke first, else the code, each with its own sentence. */
  #refuse(problem: Problem): void {
    const rules = (problem.document["reasons"] ?? []) as string[];
    const code = [...rules, problem.code].find((one) => `buy_refused_${one}` in this.page.texts);
    const until = problem.document["until"];
    const shown = typeof until === "string" ? new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(until)) : "";
    this.#say(code ? `buy_refused_${code}` : "buy_failed", { until: shown });
    if (code) this.#ways(code);
  }

  /** The pages where that can be done. */
  #ways(code: string): void {
    for (const way of this.#sheet.querySelectorAll<HTMLElement>("[data-way]")) way.hidden = !way.dataset["way"]?.split(" ").includes(code);
  }

  /** Back to what was being written: a message that was refused is ready to be sent again. */
  #arrived(): void {
    this.#waitsAboveCenti = null;
    this.#sheet.close();
    this.page.notices.announce(say(this.page.texts, "buy_arrived"));
    const retry = this.#row?.querySelector<HTMLButtonElement>("[data-part=retry]");
    if (retry && !retry.hidden) retry.focus();
    else this.page.composer.focus();
  }

  #say(name: string, values: Record<string, string> = {}): void {
    this.#ways("");
    const status = part(this.#sheet, "buy-status");
    status.hidden = name === "";
    status.textContent = name && say(this.page.texts, name, values);
  }
}

export const buying: MakeFeature = (page) => new Buying(page);
