// Passkeys: the button that proves who one is (sign-in, second step, step-up) and the page where they are made.
import { Problem, request } from "../api";
import { canUsePasskeys, create, get, type Json } from "./device";

interface Begun {
  options: Json;
  state?: string;
}

interface Made {
  backup_codes: string[];
}

/** What both elements share: parts, the message, one go at a time. */
abstract class PasskeyElement extends HTMLElement {
  connectedCallback(): void {
    if (!canUsePasskeys() || this.dataset["elsewhere"]) {
      this.unable();
      return;
    }
    this.piece("start").addEventListener("click", () => void this.#go());
    this.able();
  }

  protected abstract able(): void;
  protected abstract unable(): void;
  protected abstract act(): Promise<void>;

  protected piece<T extends HTMLElement = HTMLElement>(name: string): T {
    return this.querySelector(`[data-part="${name}"]`) as T;
  }

  protected say(text: string): void {
    const message = this.piece("message");
    message.textContent = text;
    if (text) message.scrollIntoView({ block: "nearest" });
  }

  async #go(): Promise<void> {
    const button = this.piece<HTMLButtonElement>("start");
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    button.classList.add("is-busy");
    this.say("");
    try {
      await this.act();
    } catch (error) {
      this.#explain(error);
    } finally {
      button.removeAttribute("aria-busy");
      button.classList.remove("is-busy");
    }
  }

  #explain(error: unknown): void {
    const stepUp = this.dataset["stepUp"];
    if (error instanceof Problem && error.code === "step_up_required" && stepUp) {
      location.assign(`${stepUp}?next=${encodeURIComponent(location.pathname)}`);
      return;
    }
    if (error instanceof Problem && error.document.detail) {
      this.say(error.document.detail);
      return;
    }
    const name = error instanceof DOMException ? error.name : "";
    // The browser says no more on purpose: who cancels looks like who has none.
    const text = { NotAllowedError: "cancelled", InvalidStateError: "known" }[name] ?? "failed";
    this.say(this.dataset[text] ?? this.dataset["failed"] ?? "");
  }
}

/** `<pairly-passkey data-purpose="sign-in | second-step | step-up" data-next>`: the button, and the way on. */
class PairlyPasskey extends PasskeyElement {
  protected able(): void {
    this.hidden = false;
  }

  protected unable(): void {}

  protected async act(): Promise<void> {
    const next = this.dataset["next"] ?? "";
    if (this.dataset["purpose"] === "step-up") {
      const { options, state } = await request<Begun>("POST", "auth/passkeys/step-up/begin", {});
      await request("POST", "auth/passkeys/step-up/finish", { state, credential: await get(options) });
      location.assign(next || "/");
      return;
    }
    const page = `${location.origin}/sign-in/passkey/`;
    const which = { second_step: this.dataset["purpose"] === "second-step" };
    const { options } = await request<Begun>("POST", `${page}begin/`, which);
    const done = await request<{ next: string }>("POST", `${page}finish/`, { ...which, next, credential: await get(options) });
    location.assign(done.next);
  }
}

/** `<pairly-passkeys>`: a new passkey with its name, and backup codes where it is the first factor. */
class PairlyPasskeys extends PasskeyElement {
  protected able(): void {
    this.piece("add").hidden = false;
    this.piece("name").addEventListener("keydown", (event) => {
      if ((event as KeyboardEvent).key === "Enter") this.piece("start").click();
    });
  }

  protected unable(): void {
    this.piece("unable").hidden = false;
  }

  protected async act(): Promise<void> {
    const { options, state } = await request<Begun>("POST", "auth/passkeys/register/begin", {});
    const credential = await create(options);
    const name = this.piece<HTMLInputElement>("name").value;
    const made = await request<Made>("POST", "auth/passkeys/register/finish", { state, credential, name });
    if (made.backup_codes.length === 0) {
      location.reload();
      return;
    }
    this.piece("add").hidden = true;
    this.piece("codes").replaceChildren(...made.backup_codes.map((code) => {
      const row = document.createElement("li");
      row.textContent = code;
      return row;
    }));
    this.piece("made").hidden = false;
    this.piece("made-head").focus();
  }
}

customElements.define("pairly-passkey", PairlyPasskey);
customElements.define("pairly-passkeys", PairlyPasskeys);
