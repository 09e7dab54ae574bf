// Going back in the history page by page, for a message or for a search: says how far it is, and stops when asked to.
import { say, type Texts } from "../texts";
import type { Rows } from "./rows";
import { part } from "./parts";

export class Back {
  #isStopped = false;
  #isBusy = false;

  /** `older` gives whether a page came. */
  constructor(
    private readonly root: ParentNode,
    private readonly texts: Texts,
    private readonly rows: Rows,
    private readonly older: () => Promise<boolean>,
  ) {
    part(root, "looking-stop").addEventListener("click", () => this.stop());
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Until `isThere`, the beginning, or a stop. One at a time: another one while it runs changes nothing. */
  async until(isThere: () => boolean, step: () => void = () => {}): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#isStopped = false;
    try {
      while (!isThere() && !this.#isStopped) {
        this.#show();
        if (!(await this.older())) break;
        step();
      }
    } finally {
      this.#isBusy = false;
      part(this.root, "looking").hidden = true;
    }
  }

  #show(): void {
    part(this.root, "looking").hidden = false;
    part(this.root, "looking-text").textContent = say(this.texts, "looking", { n: this.rows.all.length });
  }
}
