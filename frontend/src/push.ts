// <pairly-push data-key data-device>: whether this browser is told of news while no page is open (Push API, W3C).
// The browser is asked for permission on a click only. What the server keeps is where to push, no key: a push is empty.
import { Problem, request } from "./api";
import { canWork, registerWorker } from "./worker";

interface Device {
  id: string;
}

class PairlyPush extends HTMLElement {
  connectedCallback(): void {
    this.#piece("turn-on").addEventListener("click", () => void this.#go(() => this.#turnOn()));
    this.#piece("turn-off").addEventListener("click", () => void this.#go(() => this.#turnOff()));
    void this.#show();
  }

  async #show(): Promise<void> {
    const can = canWork && "PushManager" in window && "Notification" in window;
    const isOn = can && this.dataset["device"] !== "" && (await subscription()) !== null;
    const isDenied = can && !isOn && Notification.permission === "denied";
    this.#piece("state").textContent = this.#text(!can ? "unable" : isOn ? "on" : isDenied ? "denied" : "ready");
    this.#piece("turn-on").hidden = !can || isOn || isDenied;
    this.#piece("turn-off").hidden = !isOn;
    this.toggleAttribute("data-shown", true);
  }

  async #turnOn(): Promise<string> {
    const answer = await Notification.requestPermission();
    if (answer !== "granted") return answer === "denied" ? "denied" : "dismissed";
    await registerWorker();
    const made = await subscribe((await navigator.serviceWorker.ready).pushManager, this.dataset["key"] ?? "");
    const device = await request<Device>("POST", "push-devices", { endpoint: made.endpoint });
    this.dataset["device"] = device.id;
    return "turnedOn";
  }

  async #turnOff(): Promise<string> {
    const device = this.dataset["device"] ?? "";
    await (await subscription())?.unsubscribe();
    if (device) await request("DELETE", `push-devices/${device}`).catch(ignoreGone);
    this.dataset["device"] = "";
    return "turnedOff";
  }

  async #go(act: () => Promise<string>): Promise<void> {
    if (this.getAttribute("aria-busy") === "true") return;
    this.setAttribute("aria-busy", "true");
    let said = "failed";
    try {
      said = await act();
      await this.#show();
      if (said.startsWith("turned") && this.dataset["reload"]) location.reload();
    } catch (error) {
      const detail = error instanceof Problem ? error.document.detail : "";
      this.#say(detail || this.#text("failed"));
      return;
    } finally {
      this.removeAttribute("aria-busy");
    }
    this.#say(this.#text(said));
  }

  #say(text: string): void {
    this.#piece("message").textContent = text;
  }

  #text(name: string): string {
    return this.dataset[name] ?? "";
  }

  #piece(name: string): HTMLElement {
    return this.querySelector(`[data-part="${name}"]`) as HTMLElement;
  }
}

async function subscription(): Promise<PushSubscription | null> {
  const found = await navigator.serviceWorker.getRegistration("/");
  return (await found?.pushManager.getSubscription()) ?? null;
}

/** One that was made for another key of ours is of no use and in the way (RFC 8292, section 4.2). */
async function subscribe(manager: PushManager, key: string): Promise<PushSubscription> {
  const how = { userVisibleOnly: true, applicationServerKey: key };
  try {
    return await manager.subscribe(how);
  } catch (error) {
    const old = await manager.getSubscription();
    if (!old) throw error;
    await old.unsubscribe();
    return manager.subscribe(how);
  }
}

function ignoreGone(error: unknown): void {
  if (!(error instanceof Problem && error.document.status === 404)) throw error;
}

customElements.define("pairly-push", PairlyPush);
