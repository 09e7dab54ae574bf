// What is attached to the message being written: a line for each file, with its progress, a way out and another try.
import { Problem } from "../api";
import { sealedLength, sealFile } from "../protocol/attachments";
import { encode64, random } from "../protocol/bytes";
import type { AttachmentPart } from "../protocol/envelope";
import { language, say, type Texts } from "../texts";
import { AT_MOST, bytesText, cleanName, PREVIEW, sendableType } from "./attachments_kinds";
import { drawAnew } from "./attachments_pictures";
import { Upload } from "./attachments_upload";
import { explain } from "./notices";
import { draw, part } from "./parts";

type Stage = "preparing" | "sending" | "waiting" | "ready" | "failed";
type Facts = Pick<AttachmentPart, "mime" | "name" | "w" | "h" | "ms">;

/** One sealed file on its way. */
class Sealed {
  part: AttachmentPart | null = null;
  upload: Upload | null = null;
  share = 0;

  constructor(readonly file: Blob, readonly facts: Facts) {}

  /** Seal it under a key of its own and send it, unless that is done. */
  async send(conversation: string, changed: (isWaiting: boolean) => void): Promise<void> {
    if (this.part) return;
    const key = random(32);
    const blob = await sealFile(this.file, key, random(7));
    this.upload = new Upload(conversation, blob, {
      progress: (share) => {
        this.share = share;
        changed(false);
      },
      waiting: () => changed(true),
    });
    const sha256 = await this.upload.run();
    this.part = { sha256, len: blob.size, key: encode64(key), ...this.facts };
  }
}

class Item {
  files: Sealed[] = [];
  stage: Stage = "preparing";
  isGone = false;

  constructor(readonly element: HTMLElement, readonly name: string) {}

  get parts(): AttachmentPart[] {
    return this.files.flatMap((file) => file.part ?? []);
  }
}

export interface TrayPage {
  texts: Texts;
  conversation: string;
  /** Bytes of the largest blob. */
  most: number;
  announce(text: string): void;
  /** Something was added, is ready, has failed or went. */
  changed(): void;
}

export class Tray {
  #items: Item[] = [];

  constructor(private readonly list: HTMLElement, private readonly template: HTMLTemplateElement, private readonly page: TrayPage) {}

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  get isReady(): boolean {
    return this.#items.every((item) => item.stage === "ready");
  }

  get hasFailed(): boolean {
    return this.#items.some((item) => item.stage === "failed");
  }

  /** What was chosen, dropped or pasted. What cannot be sent is named, and the rest goes on its way. */
  add(files: Iterable<File>): void {
    const refused: string[] = [];
    for (const file of files) {
      const name = cleanName(file.name);
      const mime = sendableType(file.name, file.type);
      if (this.#items.length >= AT_MOST) refused.push(say(this.page.texts, "att_too_many", { n: AT_MOST }));
      else if (!mime) refused.push(say(this.page.texts, "att_kind", { name }));
      else if (!mime.startsWith("image/") && sealedLength(file.size) > this.page.most) refused.push(this.#tooLarge(name));
      else void this.#begin(name, (item) => this.#prepare(item, file, mime));
    }
    if (refused.length > 0) this.#refuse([...new Set(refused)].join(" "));
  }

  addVoice(blob: Blob, mime: string, ms: number): void {
    const name = say(this.page.texts, "att_voice_name");
    void this.#begin(name, (item) => {
      const ending = mime === "audio/mp4" ? "m4a" : mime === "audio/ogg" ? "ogg" : "webm";
      item.files = [new Sealed(blob, { mime, name: `${cleanName(name)}.${ending}`, ms })];
      return Promise.resolve();
    }, "microphone");
  }

  /** Attachments of a message that was taken back: their blobs are at the server. */
  restore(parts: AttachmentPart[]): void {
    for (const one of parts) {
      if (one.name === PREVIEW && !this.isEmpty) {
        this.#items.at(-1)?.files.push(sent(one));
        continue;
      }
      void this.#begin(one.name, (item) => {
        item.files = [sent(one)];
        return Promise.resolve();
      });
    }
  }

  /** The attachments in their order, previews as far as there is room, with the files that are at hand; it is empty then. */
  take(): { parts: AttachmentPart[]; files: Map<string, Blob> } {
    let room = AT_MOST - this.#items.length;
    const parts: AttachmentPart[] = [];
    const files = new Map<string, Blob>();
    for (const item of this.#items) {
      const own = item.parts.filter((_, i) => i === 0 || room-- > 0);
      parts.push(...own);
      for (const file of item.files) if (file.part && file.file.size > 0) files.set(file.part.sha256, file.file);
      this.#forget(item);
    }
    this.#items = [];
    this.#show();
    return { parts, files };
  }

  async #begin(name: string, prepare: (item: Item) => Promise<void>, icon = "file"): Promise<void> {
    const element = (this.template.content.firstElementChild as HTMLElement).cloneNode(true) as HTMLElement;
    const item = new Item(element, name);
    this.#items.push(item);
    this.list.append(element);
    part(element, "tray-name").textContent = name;
    draw(part<SVGElement>(element, "tray-icon"), icon);
    part(element, "tray-remove-text").textContent = say(this.page.texts, "att_remove", { name });
    part(element, "tray-again-text").textContent = say(this.page.texts, "att_again", { name });
    part(element, "tray-remove").addEventListener("click", () => this.#remove(item));
    part(element, "tray-again").addEventListener("click", () => this.#again(item));
    this.#show();
    this.#set(item, "preparing");
    try {
      await prepare(item);
      await this.#send(item);
    } catch {
      if (item.isGone) return;
      this.#remove(item);
      this.#refuse(say(this.page.texts, "att_unreadable", { name }));
    }
  }

  /** Pictures are drawn anew, so that nothing but their pixels goes along. */
  async #prepare(item: Item, file: File, mime: string): Promise<void> {
    if (!mime.startsWith("image/")) {
      item.files = [new Sealed(file, { mime, name: item.name })];
      return;
    }
    const drawn = await drawAnew(file);
    const ending = drawn.whole.type === "image/webp" ? "webp" : "jpg";
    const name = cleanName(`${item.name.replace(/\.[^.]*$/, "")}.${ending}`);
    item.files = [
      new Sealed(drawn.whole, { mime: drawn.whole.type, name, w: drawn.width, h: drawn.height }),
      new Sealed(drawn.preview, { mime: drawn.preview.type, name: PREVIEW, w: drawn.previewWidth, h: drawn.previewHeight }),
    ];
    const face = part<HTMLImageElement>(item.element, "tray-face");
    face.src = URL.createObjectURL(drawn.whole);
    face.hidden = false;
    part(item.element, "tray-icon").toggleAttribute("hidden", true);
  }

  async #send(item: Item): Promise<void> {
    this.#set(item, "sending");
    try {
      for (const file of item.files) {
        await file.send(this.page.conversation, (isWaiting) => this.#set(item, isWaiting ? "waiting" : "sending"));
        if (item.isGone) return file.upload?.cancel();
      }
      this.#set(item, "ready");
    } catch (error) {
      if (item.isGone) return;
      this.#set(item, "failed", error instanceof Problem ? explain(this.page.texts, error) : say(this.page.texts, "att_failed"));
    }
  }

  #again(item: Item): void {
    if (item.stage === "waiting") item.files.forEach((file) => file.upload?.tryNow());
    else void this.#send(item);
  }

  #remove(item: Item): void {
    item.isGone = true;
    for (const file of item.files) file.upload?.cancel();
    const at = this.#items.indexOf(item);
    this.#items = this.#items.filter((other) => other !== item);
    const next = this.#items[Math.min(at, this.#items.length - 1)];
    this.#forget(item);
    this.#show();
    if (next) part(next.element, "tray-remove").focus();
    this.page.announce(say(this.page.texts, "att_removed", { name: item.name }));
  }

  #forget(item: Item): void {
    const face = part<HTMLImageElement>(item.element, "tray-face");
    if (face.src) URL.revokeObjectURL(face.src);
    item.element.remove();
  }

  #set(item: Item, stage: Stage, why = ""): void {
    if (item.isGone) return;
    const isNews = item.stage !== stage;
    item.stage = stage;
    item.element.dataset["stage"] = stage;
    const total = item.files.reduce((sum, file) => sum + file.file.size, 0);
    const done = item.files.reduce((sum, file) => sum + file.file.size * (file.part ? 1 : file.share), 0);
    const percent = total > 0 ? Math.floor((100 * done) / total) : 0;
    const bar = part<HTMLProgressElement>(item.element, "tray-progress");
    bar.hidden = stage === "ready" || stage === "failed";
    if (stage === "preparing") bar.removeAttribute("value");
    else bar.value = percent;
    bar.setAttribute("aria-label", item.name);
    const text = why || say(this.page.texts, `att_${stage}`, { percent, size: bytesText(total, language) });
    part(item.element, "tray-state").textContent = text;
    part(item.element, "tray-again").hidden = stage !== "failed" && stage !== "waiting";
    if (!isNews) return;
    if (stage !== "sending") this.page.announce(`${item.name}: ${text}`);
    this.page.changed();
  }

  #show(): void {
    this.list.hidden = this.isEmpty;
    this.page.changed();
  }

  #tooLarge(name: string): string {
    return say(this.page.texts, "att_too_large", { name, most: bytesText(this.page.most, language) });
  }

  #refuse(text: string): void {
    const line = part(this.list.parentElement as HTMLElement, "tray-refused");
    line.textContent = text;
    line.hidden = false;
    this.page.announce(text);
  }
}

function sent(one: AttachmentPart): Sealed {
  const file = new Sealed(new Blob([]), one);
  file.part = one;
  return file;
}
