// The safety number: worked out here from keys that this device has verified, compared, and noted on this device.
import { Problem } from "../api";
import { CannotVerify } from "../protocol/header";
import { readTexts, say } from "../texts";
import { groupsOf, safetyNumbers } from "../trust/numbers";
import { fetchPerson, markVerified, type Person } from "../trust/person";
import { Scanner } from "./scanner";

class PairlySafety extends HTMLElement {
  readonly #texts = readTexts("safety-texts");
  #theirs!: Person;
  #number = "";

  connectedCallback(): void {
    this.#part("compare").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#compare(this.#part<HTMLInputElement>("theirs").value);
    });
    this.#part("verify").addEventListener("click", () => void this.#mark(true));
    this.#part("unverify").addEventListener("click", () => void this.#mark(false));
    void this.#start();
  }

  #part<T extends HTMLElement = HTMLElement>(name: string): T {
    return this.querySelector(`[data-part="${name}"]`) as T;
  }

  async #start(): Promise<void> {
    try {
      const mine = await this.#person("user", "own_no_keys");
      this.#theirs = await this.#person("peer", "no_keys");
      [, this.#number] = await safetyNumbers(mine, this.#theirs);
      await this.#draw();
    } catch (error) {
      this.#part("number").hidden = true;
      this.#part("message").textContent = this.#explain(error);
    }
  }

  async #person(whose: "user" | "peer", noKeys: string): Promise<Person> {
    try {
      return await fetchPerson(this.dataset["user"] as string, this.dataset[whose] as string);
    } catch (error) {
      throw error instanceof CannotVerify && error.code === "no_keys" ? new CannotVerify(noKeys) : error;
    }
  }

  #explain(error: unknown): string {
    if (error instanceof Problem) return say(this.#texts, "offline");
    const code = error instanceof CannotVerify ? error.code : "malformed";
    const name = [code, `alarm_${code}`].find((one) => this.#texts[one]);
    return say(this.#texts, name ?? "alarm_other");
  }

  async #draw(): Promise<void> {
    for (const [i, span] of [...this.#part("digits").children].entries()) span.textContent = groupsOf(this.#number)[i] ?? "";
    const { drawQr } = await import("./qr");
    this.#part("qr").replaceChildren(drawQr(this.#number, say(this.#texts, "qr")));
    this.#part("new").hidden = !this.#theirs.isNew;
    this.#part("number").setAttribute("aria-busy", "false");
    this.#part("ways").hidden = false;
    this.#showState(this.#theirs.isVerified);
    await this.#offerScan();
  }

  async #offerScan(): Promise<void> {
    const scanner = await Scanner.find(this.#part<HTMLVideoElement>("video"));
    if (!scanner) return;
    this.#part("scanner").hidden = false;
    this.#part("scan").addEventListener("click", () => {
      scanner.scan().then((text) => this.#compare(text), () => this.#result("no_camera", "notice-warning"));
    });
  }

  #compare(text: string): void {
    const digits = text.replace(/[\s.-]/g, "");
    if (!/^\d{60}$/.test(digits)) this.#result("not_a_number", "notice-warning");
    else if (digits === this.#number) this.#result("same", "notice-success");
    else this.#result("different", "notice-error");
  }

  #result(name: string, look: string): void {
    const result = this.#part("result");
    result.className = `notice ${look}`;
    result.dataset["result"] = name;
    result.textContent = say(this.#texts, name);
  }

  async #mark(isVerified: boolean): Promise<void> {
    await markVerified(this.dataset["user"] as string, this.#theirs, isVerified);
    this.#showState(isVerified);
  }

  #showState(isVerified: boolean): void {
    const state = this.#part("state");
    state.textContent = say(this.#texts, isVerified ? "verified" : "unverified");
    state.classList.toggle("is-verified", isVerified);
    if (isVerified) this.#part("new").hidden = true;
    this.#part("verify").hidden = isVerified;
    this.#part("unverify").hidden = !isVerified;
    this.setAttribute("data-ready", "");
  }
}

customElements.define("pairly-safety", PairlySafety);
