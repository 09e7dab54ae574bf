// What the composer is writing: a new message, an answer to one, or another text for one. Kept with the draft, so that
// a reload does not turn an edit into a message that costs.
import type { Composer } from "./composer";
import type { About, Drafts } from "./drafts";
import { draw, part } from "./parts";

const ICONS: Record<About["what"], string> = { edit: "pen", answer: "answer" };

export class Context {
  constructor(private readonly root: ParentNode, private readonly composer: Composer, private readonly drafts: Drafts) {
    part(root, "context-cancel").addEventListener("click", () => this.cancel());
    part(root, "text-input").addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.about) this.cancel();
    });
  }

  get about(): About | null {
    return this.drafts.about;
  }

  /** `title` and `text`: what is shown above the box of the message that it is about. */
  begin(what: About["what"], id: string, title: string, text: string): void {
    const before = this.about;
    if (before?.what === "edit") this.composer.fill(before.aside);
    this.drafts.about = { what, id, aside: what === "edit" ? this.composer.text : "" };
    this.show(what, title, text);
  }

  show(what: About["what"], title: string, text: string): void {
    draw(part<SVGElement>(this.root, "context-icon"), ICONS[what]);
    part(this.root, "context-title").textContent = title;
    part(this.root, "context-text").textContent = text;
    part(this.root, "context").hidden = false;
    this.composer.isSaving = what === "edit";
    this.composer.focus();
  }

  /** Done, or not wanted: what was being written before an edit comes back. */
  end(): void {
    const about = this.about;
    if (!about) return;
    this.drafts.about = null;
    part(this.root, "context").hidden = true;
    this.composer.isSaving = false;
    if (about.what === "edit") this.composer.fill(about.aside);
  }

  cancel(): void {
    this.end();
    this.composer.focus();
  }
}
