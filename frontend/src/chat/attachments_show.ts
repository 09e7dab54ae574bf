// Attachments in the log: pictures as soon as they come near the screen, recordings and files when somebody asks.
import { Problem } from "../api";
import { language, say, type Texts } from "../texts";
import { Download, Unverified } from "./attachments_fetch";
import { bytesText, clockText, OCTETS, type Safe } from "./attachments_kinds";
import { draw, part } from "./parts";

const NEAR = "400px";
const SPEEDS = [1, 1.5, 2];
const REVOKE_AFTER_MS = 60_000;

export class Shelf {
  /** Files of one's own that are still at hand, by hash: they need not come down again. */
  readonly known = new Map<string, Blob>();
  readonly #near: IntersectionObserver;
  readonly #waiting = new Map<Element, () => void>();
  readonly #addresses = new Map<HTMLElement, string[]>();
  #playing: HTMLAudioElement | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly texts: Texts,
    private readonly conversation: string,
    log: HTMLElement,
    private readonly announce: (text: string) => void,
  ) {
    this.#near = new IntersectionObserver((seen) => this.#see(seen), { root: log, rootMargin: NEAR });
    const dialog = part<HTMLDialogElement>(root, "picture-dialog");
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => part<HTMLImageElement>(dialog, "picture-whole").removeAttribute("src"));
    addEventListener("pagehide", () => [...this.#addresses.keys()].forEach((box) => this.#revoke(box)));
  }

  /** Put them into `box`, in the place of what it showed. */
  fill(box: HTMLElement, parts: Safe[]): void {
    this.empty(box);
    box.hidden = parts.length === 0;
    box.append(...parts.map((one) => this.#make(box, one)));
  }

  empty(box: HTMLElement): void {
    for (const element of box.children) {
      this.#near.unobserve(element);
      this.#waiting.delete(element);
    }
    this.#revoke(box);
    box.replaceChildren();
    box.hidden = true;
  }

  #make(box: HTMLElement, one: Safe): HTMLElement {
    const template = part<HTMLTemplateElement>(this.root, `shown-${one.look}`);
    const element = (template.content.firstElementChild as HTMLElement).cloneNode(true) as HTMLElement;
    const show = { picture: this.#picture, voice: this.#voice, file: this.#file }[one.look];
    show.call(this, box, element, one);
    return element;
  }

  #see(seen: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      this.#near.unobserve(target);
      this.#waiting.get(target)?.();
      this.#waiting.delete(target);
    }
  }

  // -- pictures -----------------------------------------------------------------------------------------
  #picture(box: HTMLElement, element: HTMLElement, one: Safe): void {
    const open = part<HTMLButtonElement>(element, "open");
    const [blurred, whole] = [part<HTMLImageElement>(element, "blurred"), part<HTMLImageElement>(element, "image")];
    // The place is there before the picture: nothing moves when it comes.
    for (const image of [blurred, whole]) [image.width, image.height] = [one.width, one.height];
    element.style.setProperty("--ratio", String(one.width / one.height));
    whole.alt = say(this.texts, "att_picture", { name: one.name });
    const { preview } = one;
    const load = (): void => void this.#try(element, one, async (file) => {
      const address = this.#address(box, file);
      whole.src = address;
      await whole.decode();
      whole.hidden = false;
      element.dataset["loaded"] = "true";
      open.disabled = false;
      open.onclick = () => this.#open(one, address);
    });
    const come = async (): Promise<void> => {
      if (preview && !this.known.has(one.sha256)) {
        const small = await this.#get(preview).catch(() => null); // the picture itself says what is wrong
        if (small) {
          blurred.src = this.#address(box, small);
          blurred.hidden = false;
        }
      }
      load();
    };
    this.#waiting.set(element, () => void come());
    this.#near.observe(element);
  }

  #open(one: Safe, address: string): void {
    const dialog = part<HTMLDialogElement>(this.root, "picture-dialog");
    part(dialog, "picture-name").textContent = one.name;
    const whole = part<HTMLImageElement>(dialog, "picture-whole");
    [whole.width, whole.height] = [one.width, one.height];
    whole.alt = say(this.texts, "att_picture", { name: one.name });
    whole.src = address;
    const save = part<HTMLAnchorElement>(dialog, "picture-save");
    [save.href, save.download] = [address, one.name];
    dialog.showModal();
  }

  // -- recordings ---------------------------------------------------------------------------------------
  #voice(box: HTMLElement, element: HTMLElement, one: Safe): void {
    const button = part<HTMLButtonElement>(element, "play");
    const place = part<HTMLInputElement>(element, "place");
    const time = part(element, "length");
    const speed = part<HTMLButtonElement>(element, "speed");
    const audio = part<HTMLAudioElement>(element, "audio");
    let factor = 0;
    const total = (): number => one.ms || (Number.isFinite(audio.duration) ? audio.duration * 1000 : 0);
    const show = (): void => {
      const at = audio.currentTime * 1000;
      time.textContent = audio.paused && at === 0 ? (total() ? clockText(total()) : bytesText(one.len, language)) : clockText(at);
      place.value = String(total() ? Math.min(100, (100 * at) / total()) : 0);
      draw(part<SVGElement>(button, "play-icon"), audio.paused ? "play" : "stop");
      part(button, "play-text").textContent = say(this.texts, audio.paused ? "att_play" : "att_pause");
      element.dataset["playing"] = String(!audio.paused);
    };
    for (const event of ["play", "pause", "timeupdate", "durationchange"]) audio.addEventListener(event, show);
    audio.addEventListener("ended", () => {
      audio.currentTime = 0;
      show();
    });
    place.addEventListener("input", () => {
      if (audio.src && total()) audio.currentTime = (Number(place.value) * total()) / 100_000;
    });
    speed.addEventListener("click", () => {
      factor = (factor + 1) % SPEEDS.length;
      audio.playbackRate = SPEEDS[factor] as number;
      part(speed, "factor").textContent = new Intl.NumberFormat(language).format(audio.playbackRate);
    });
    button.addEventListener("click", () => {
      if (!audio.paused) return audio.pause();
      if (audio.src) return this.#play(audio);
      button.disabled = true;
      void this.#try(element, one, (file) => {
        audio.src = this.#address(box, file);
        audio.playbackRate = SPEEDS[factor] as number;
        place.disabled = false;
        this.#play(audio);
        return Promise.resolve();
      }).finally(() => {
        button.disabled = false;
      });
    });
    show();
  }

  /** One at a time. */
  #play(audio: HTMLAudioElement): void {
    if (this.#playing !== audio) this.#playing?.pause();
    this.#playing = audio;
    void audio.play().catch(() => undefined); // the browser wants another click
  }

  // -- files --------------------------------------------------------------------------------------------
  #file(_box: HTMLElement, element: HTMLElement, one: Safe): void {
    part(element, "file-name").textContent = one.name;
    part(element, "file-size").textContent = bytesText(one.len, language);
    const button = part<HTMLButtonElement>(element, "download");
    part(button, "download-text").textContent = say(this.texts, "att_download", { name: one.name });
    button.addEventListener("click", () => {
      button.disabled = true;
      void this.#try(element, one, (file) => {
        save(file, one);
        return Promise.resolve();
      }).finally(() => {
        button.disabled = false;
      });
    });
  }

  // -- what all have in common --------------------------------------------------------------------------
  #get(one: Safe, download = new Download(this.conversation, one)): Promise<Blob> {
    const known = this.known.get(one.sha256);
    return known ? Promise.resolve(known) : download.run();
  }

  /** Fetch it and do something with it, or say what is wrong and offer another try. */
  async #try(element: HTMLElement, one: Safe, use: (file: Blob) => Promise<void>, download = new Download(this.conversation, one)): Promise<void> {
    const problem = part(element, "problem");
    problem.hidden = true;
    element.classList.remove("is-unverified");
    element.setAttribute("aria-busy", "true");
    try {
      await use(await this.#get(one, download));
    } catch (error) {
      const gone = error instanceof Problem && error.code === "not_found";
      const text = say(this.texts, error instanceof Problem ? (gone ? "att_gone" : "att_failed") : "att_unverified");
      element.classList.toggle("is-unverified", !(error instanceof Problem));
      part(problem, "problem-text").textContent = text;
      problem.hidden = false;
      this.announce(text);
      part<HTMLButtonElement>(problem, "again").onclick = () => {
        void this.#try(element, one, use, error instanceof Unverified ? undefined : download);
      };
    } finally {
      element.removeAttribute("aria-busy");
    }
  }

  #address(box: HTMLElement, file: Blob): string {
    const address = URL.createObjectURL(file);
    this.#addresses.set(box, [...(this.#addresses.get(box) ?? []), address]);
    return address;
  }

  #revoke(box: HTMLElement): void {
    for (const address of this.#addresses.get(box) ?? []) URL.revokeObjectURL(address);
    this.#addresses.delete(box);
  }
}

/** To the disk, never into the page. */
function save(file: Blob, one: Safe): void {
  const address = URL.createObjectURL(new Blob([file], { type: one.mime || OCTETS }));
  const link = document.createElement("a");
  [link.href, link.download] = [address, one.name];
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), REVOKE_AFTER_MS);
}
