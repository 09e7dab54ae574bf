// The page of one's own pictures: several files at once, one after the other, each with its progress, its way back and
// another try. Without this script the same form sends one at a time.
import { Problem, request } from "../api";
import { uuid7, uuidText } from "../protocol/bytes";
import { readTexts, say } from "../texts";
import { type Added, type Sending, send } from "./sending";

const NEW = "00000000-0000-0000-0000-000000000000";
const texts = readTexts("upload-texts");

type State = "waiting" | "sending" | "storing" | "done" | "refused" | "failed" | "cancelling" | "cancelled";

/** A file and its row. */
class Upload {
  state: State = "waiting";
  /** Our name for it: what is sent twice is added once, and it can be called off by it. */
  readonly uid = uuidText(uuid7(Date.now()));
  sending: Sending | null = null;

  constructor(readonly file: File, readonly row: HTMLElement) {
    this.part("name").textContent = file.name;
    this.part<HTMLProgressElement>("progress").setAttribute("aria-label", file.name);
    const preview = document.createElement("img");
    preview.alt = "";
    preview.addEventListener("load", () => URL.revokeObjectURL(preview.src));
    preview.addEventListener("error", () => preview.remove());
    preview.src = URL.createObjectURL(file);
    this.part("preview").append(preview);
    this.show("waiting");
  }

  part<T extends HTMLElement = HTMLElement>(name: string): T {
    return this.row.querySelector(`[data-part="${name}"]`) as T;
  }

  get isOver(): boolean {
    return ["done", "refused", "failed", "cancelled"].includes(this.state);
  }

  show(state: State, text = texts[state] ?? ""): void {
    this.state = this.row.dataset["state"] = state;
    this.part("state").textContent = text;
    this.part("progress").hidden = this.isOver;
    this.part("cancel").hidden = this.isOver || state === "cancelling" || (state === "storing" && this.row.closest("[data-kind=portrait]") !== null);
    this.part("retry").hidden = state !== "failed";
    this.part("dismiss").hidden = !this.isOver || state === "done";
  }

  advance(share: number): void {
    if (this.state === "cancelling") return;
    const percent = Math.floor(share * 100);
    this.part<HTMLProgressElement>("progress").value = percent;
    if (share < 1) this.show("sending", say(texts, "sending", { percent }));
    else this.show("storing");
  }
}

/** `<pairly-upload data-kind data-address data-max-bytes>` around the plain form. */
class PairlyUpload extends HTMLElement {
  #uploads: Upload[] = [];
  #isBusy = false;

  connectedCallback(): void {
    const input = this.#input;
    input.multiple = this.#isGallery;
    input.addEventListener("change", () => {
      this.#take([...(input.files ?? [])]);
      input.value = "";
    });
    // What the plain form asks for with the file is asked on its tile.
    for (const part of this.querySelectorAll<HTMLElement>("[data-part=plain], [data-field=alt]")) part.hidden = true;
    this.#piece("drop").hidden = false;
    this.#accept();
    addEventListener("beforeunload", (event) => {
      if (this.#isBusy) event.preventDefault();
    });
  }

  get #isGallery(): boolean {
    return this.dataset["kind"] === "gallery";
  }

  get #input(): HTMLInputElement {
    return this.querySelector("input[type=file]") as HTMLInputElement;
  }

  #piece<T extends HTMLElement = HTMLElement>(name: string): T {
    return this.querySelector(`[data-part="${name}"]`) as T;
  }

  #accept(): void {
    const over = (is: boolean) => (event: DragEvent) => {
      event.preventDefault();
      this.classList.toggle("is-over", is);
    };
    this.addEventListener("dragenter", over(true));
    this.addEventListener("dragover", over(true));
    this.addEventListener("dragleave", over(false));
    this.addEventListener("drop", (event) => {
      over(false)(event);
      this.#take([...(event.dataTransfer?.files ?? [])]);
    });
  }

  #take(files: File[]): void {
    for (const file of this.#isGallery ? files : files.slice(0, 1)) {
      const model = this.#piece<HTMLTemplateElement>("row").content.firstElementChild as HTMLElement;
      const upload = new Upload(file, model.cloneNode(true) as HTMLElement);
      upload.part("cancel").addEventListener("click", () => void this.#cancel(upload));
      upload.part("retry").addEventListener("click", () => {
        upload.show("waiting");
        upload.part("cancel").focus();
        void this.#work();
      });
      upload.part("dismiss").addEventListener("click", () => this.#drop(upload));
      this.#uploads.push(upload);
      this.#piece("list").append(upload.row);
    }
    void this.#work();
  }

  /** One after the other, so that they stand in the order in which they were chosen. */
  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    let next: Upload | undefined;
    while ((next = this.#uploads.find((one) => one.state === "waiting"))) await this.#send(next);
    this.#isBusy = false;
    if (this.#uploads.length > 1 && this.#uploads.every((one) => one.state === "done")) this.#announce(say(texts, "all_added"));
  }

  async #send(upload: Upload): Promise<void> {
    if (upload.file.size > Number(this.dataset["maxBytes"])) {
      this.#refuse(upload, texts["too_large"] ?? "");
      return;
    }
    upload.advance(0);
    const audience = this.querySelector<HTMLSelectElement>("[name=audience]")?.value;
    const fields = { upload_id: upload.uid, ...(audience ? { audience } : {}), file: upload.file };
    upload.sending = send(this.dataset["address"] ?? "", fields, (share) => upload.advance(share));
    try {
      const added = await upload.sending.done;
      if (upload.state !== "cancelling") this.#finish(upload, added);
    } catch (error) {
      if (upload.state !== "cancelling") this.#explain(upload, error);
    } finally {
      upload.sending = null;
    }
  }

  #finish(upload: Upload, added: Added): void {
    upload.show("done");
    this.#announce(say(texts, "added", { name: upload.file.name }));
    if (this.#isGallery) this.#addTile(added);
    else location.reload();
  }

  #explain(upload: Upload, error: unknown): void {
    const document = error instanceof Problem ? error.document : null;
    if (!document?.status || document.status >= 500) {
      upload.show("failed", document?.detail || texts["failed"]);
      this.#announce(say(texts, "failed_one", { name: upload.file.name }));
      return;
    }
    const rows = document["errors"] as { detail: string }[] | undefined;
    const why = rows?.map((row) => row.detail).join(" ") || document.detail;
    if (document.status === 429) upload.show("failed", why);
    else this.#refuse(upload, why);
  }

  #refuse(upload: Upload, why: string): void {
    upload.show("refused", why);
    this.#announce(say(texts, "refused", { name: upload.file.name, why }));
  }

  /** It may have arrived in the moment in which it is called off: the server is told, and keeps nothing either way. */
  async #cancel(upload: Upload): Promise<void> {
    const wasSent = upload.sending !== null;
    upload.show("cancelling");
    upload.sending?.abort();
    try {
      if (wasSent) await request("DELETE", `media/uploads/${upload.uid}`);
      upload.show("cancelled");
      this.#announce(texts["cancelled"] ?? "");
    } catch {
      upload.show("cancelled", texts["cancel_failed"]);
      this.#announce(texts["cancel_failed"] ?? "");
    }
    upload.part("dismiss").focus();
  }

  #drop(upload: Upload): void {
    this.#uploads = this.#uploads.filter((one) => one !== upload);
    upload.row.remove();
    this.#input.focus();
  }

  #addTile(added: Added): void {
    const model = this.#piece<HTMLTemplateElement>("tile").content.firstElementChild as HTMLElement;
    const tile = model.cloneNode(true) as HTMLElement;
    tile.id = `p-${added.uid}`;
    for (const element of tile.querySelectorAll<HTMLElement>("[action], [id], [for], [aria-describedby]")) {
      for (const name of ["action", "id", "for", "aria-describedby"]) {
        const value = element.getAttribute(name);
        if (value?.includes(NEW)) element.setAttribute(name, value.replaceAll(NEW, added.uid));
      }
    }
    const image = document.createElement("img");
    image.alt = "";
    image.width = added.width_px;
    image.height = added.height_px;
    image.sizes = "(min-width: 60rem) 22rem, (min-width: 34rem) 47vw, 95vw";
    image.srcset = added.files.map((file) => `${file.url} ${file.width}w`).join(", ");
    image.src = added.url;
    tile.querySelector(".tile-picture")?.prepend(image);
    (tile.querySelector("[data-part=tile-private]") as HTMLElement).hidden = added.audience === "everyone";
    const audience = tile.querySelector<HTMLSelectElement>("[name=audience]");
    if (audience) audience.value = added.audience;
    document.querySelector("[data-part=tiles]")?.append(tile);
  }

  #announce(text: string): void {
    this.#piece("status").textContent = text;
  }
}

customElements.define("pairly-upload", PairlyUpload);
