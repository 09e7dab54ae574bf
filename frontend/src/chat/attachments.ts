// Attachments as a part of the conversation page: chosen, dropped, pasted or recorded; sent with the text; shown.
import { encode64 } from "../protocol/bytes";
import type { AttachmentPart } from "../protocol/envelope";
import { say } from "../texts";
import { ACCEPT, readParts } from "./attachments_kinds";
import { Shelf } from "./attachments_show";
import type { Tray } from "./attachments_tray";
import type { Outgoing } from "./conversation";
import type { ChatPage, Feature } from "./page";
import { part } from "./parts";
import type { RowEntry } from "./rows";

class Attachments implements Feature {
  readonly #shelf: Shelf;
  #tray: Tray | null = null;
  /** Which files a row shows. */
  readonly #filled = new Map<string, string>();
  readonly #boxes = new Map<string, HTMLElement>();
  #isWaiting = false;
  #isRecording = false;

  constructor(private readonly page: ChatPage) {
    const announce = (text: string): void => page.notices.announce(text);
    this.#shelf = new Shelf(page.root, page.texts, page.chat.id, part(page.root, "log"), announce);
    page.composer.takers.push((text) => this.#send(text));
  }

  opened(): void {
    const { root } = this.page;
    const input = part<HTMLInputElement>(root, "attach-input");
    input.accept = ACCEPT;
    input.addEventListener("change", () => {
      void this.#add([...(input.files ?? [])]);
      input.value = "";
    });
    const attach = part<HTMLButtonElement>(root, "attach");
    attach.addEventListener("click", () => input.click());
    const voice = part<HTMLButtonElement>(root, "voice");
    voice.hidden = !("MediaRecorder" in window && navigator.mediaDevices);
    voice.addEventListener("click", () => void this.#record(voice));
    attach.disabled = voice.disabled = false;
    part(root, "text-input").addEventListener("paste", (event) => this.#paste(event as ClipboardEvent));
    this.#acceptDrops(root);
  }

  drawn(entry: RowEntry, { body, isErased, problem }: { body: { att?: AttachmentPart[] } | null; isErased: boolean; problem: string | null }): void {
    this.#fill(entry, isErased || problem ? [] : (body?.att ?? []));
  }

  sending(entry: RowEntry, outgoing: Outgoing): void {
    this.#fill(entry, outgoing.body.att ?? []);
  }

  takenBack(outgoing: Outgoing): void {
    const box = this.#boxes.get(encode64(outgoing.id));
    if (box) this.#shelf.empty(box);
    if (outgoing.body.att) void this.#open().then((tray) => tray.restore(outgoing.body.att!));
  }

  // -- shown --------------------------------------------------------------------------------------------
  #fill(entry: RowEntry, att: AttachmentPart[]): void {
    const text = part(entry.element, "text");
    text.hidden = att.length > 0 && text.textContent === "";
    const key = att.map((one) => one.sha256).join();
    if ((this.#filled.get(entry.id) ?? "") === key) return;
    this.#filled.set(entry.id, key);
    this.#shelf.fill(this.#box(entry), readParts(att));
  }

  #box(entry: RowEntry): HTMLElement {
    const there = this.#boxes.get(entry.id);
    if (there) return there;
    const box = document.createElement("div");
    box.className = "bubble-files";
    box.dataset["part"] = "files";
    this.#boxes.set(entry.id, box);
    entry.element.querySelector(".bubble-main")?.before(box);
    return box;
  }

  // -- attached -----------------------------------------------------------------------------------------
  /** Drawing, sealing and sending come when they are needed. */
  async #open(): Promise<Tray> {
    if (this.#tray) return this.#tray;
    const { Tray } = await import("./attachments_tray");
    const { root, texts, chat, notices } = this.page;
    const list = part(root, "tray");
    return (this.#tray ??= new Tray(list, part<HTMLTemplateElement>(root, "tray-item"), {
      texts, conversation: chat.id, most: Number(list.dataset["most"]),
      announce: (text) => notices.announce(text),
      changed: () => this.#changed(),
    }));
  }

  async #add(files: File[]): Promise<void> {
    if (files.length === 0) return;
    part(this.page.root, "tray-refused").hidden = true;
    (await this.#open()).add(files);
    this.page.composer.focus();
  }

  #paste(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    void this.#add(files);
  }

  #acceptDrops(root: HTMLElement): void {
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    const mark = (isOver: boolean): void => void root.classList.toggle("is-dropping", isOver);
    root.addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      mark(true);
    });
    root.addEventListener("dragleave", (event) => !root.contains(event.relatedTarget as Node | null) && mark(false));
    root.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      mark(false);
      void this.#add([...(event.dataTransfer?.files ?? [])]);
    });
  }

  async #record(button: HTMLButtonElement): Promise<void> {
    if (this.#isRecording) return;
    const bar = part(this.page.root, "recorder");
    this.#isRecording = true;
    try {
      const [{ record }, tray] = await Promise.all([import("./attachments_voice"), this.#open()]);
      const recorded = await record(bar);
      if (recorded) tray.addVoice(recorded.blob, recorded.mime, recorded.ms);
    } catch {
      const line = part(this.page.root, "tray-refused");
      line.textContent = say(this.page.texts, "att_no_microphone");
      line.hidden = false;
      this.page.notices.announce(line.textContent);
    } finally {
      bar.hidden = true;
      this.#isRecording = false;
      button.focus();
    }
  }

  // -- sent ---------------------------------------------------------------------------------------------
  /** A message with files is sent when all of them are there; until then text and files stay where they are. */
  #send(_text: string): boolean {
    const tray = this.#tray;
    if (!tray || tray.isEmpty) return false;
    if (tray.hasFailed) this.#say(say(this.page.texts, "att_some_failed"));
    else if (!tray.isReady) {
      this.#isWaiting = true;
      this.#say(say(this.page.texts, "att_sends_when_ready"));
    } else this.#sendNow(tray);
    return true;
  }

  #sendNow(tray: Tray): void {
    const { chat, composer, root } = this.page;
    this.#isWaiting = false;
    const { parts, files } = tray.take();
    for (const [sha256, file] of files) this.#shelf.known.set(sha256, file);
    part(root, "tray-refused").hidden = true;
    part(root, "empty").hidden = true;
    this.page.notices.hide();
    this.page.send(chat.begin({ kind: 1, body: { t: "text", text: composer.take(), att: parts } }));
    composer.focus();
  }

  #changed(): void {
    const tray = this.#tray;
    if (!tray || !this.#isWaiting) return;
    if (tray.isEmpty || tray.hasFailed) {
      this.#isWaiting = false;
      part(this.page.root, "tray-refused").hidden = true;
      if (tray.hasFailed) this.#say(say(this.page.texts, "att_some_failed"));
    } else if (tray.isReady) this.#sendNow(tray);
  }

  #say(text: string): void {
    const line = part(this.page.root, "tray-refused");
    line.textContent = text;
    line.hidden = false;
    this.page.notices.announce(text);
  }
}

export const attachments = (page: ChatPage): Feature => new Attachments(page);
