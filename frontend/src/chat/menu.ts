// The menu of a message: what the features offer for it. A popover: Escape, a click beside it and a choice close it.
import type { Action, MenuDoor } from "./page";
import { draw, part } from "./parts";
import type { RowEntry } from "./rows";

const GAP_PX = 4;

export interface Offers {
  actions(entry: RowEntry): Action[];
  heads(entry: RowEntry, door: MenuDoor): Element[];
}

export class Menu {
  readonly #template: HTMLTemplateElement;

  constructor(private readonly menu: HTMLElement, private readonly offers: Offers) {
    this.#template = part<HTMLTemplateElement>(menu, "menu-item");
    menu.addEventListener("keydown", (event) => this.#key(event));
  }

  /** The row gets its button; it shows only where something can be done. */
  attach(entry: RowEntry): void {
    const button = part<HTMLButtonElement>(entry.element, "more");
    button.hidden = this.offers.actions(entry).length === 0;
    button.onclick = () => this.#open(button, entry);
  }

  #open(opener: HTMLButtonElement, entry: RowEntry): void {
    const door = {
      close: () => {
        this.menu.hidePopover();
        opener.focus();
      },
      place: () => this.#place(opener),
    };
    const items = this.offers.actions(entry).map((action) => this.#item(action, door));
    this.menu.replaceChildren(this.#template, ...this.offers.heads(entry, door), ...items);
    this.menu.showPopover();
    this.#place(opener);
    this.#items[0]?.focus();
  }

  #place(opener: Element): void {
    const [at, size] = [opener.getBoundingClientRect(), this.menu.getBoundingClientRect()];
    const isBelow = at.bottom + GAP_PX + size.height <= innerHeight;
    const top = isBelow ? at.bottom + GAP_PX : Math.max(GAP_PX, at.top - GAP_PX - size.height);
    const left = Math.min(Math.max(GAP_PX, at.left), innerWidth - size.width - GAP_PX);
    this.menu.style.inset = `${top}px auto auto ${left}px`;
  }

  #item(action: Action, door: MenuDoor): HTMLElement {
    const item = (this.#template.content.firstElementChild as HTMLElement).cloneNode(true) as HTMLButtonElement;
    item.dataset["action"] = action.name;
    item.classList.toggle("is-danger", action.isDanger === true);
    draw(part<SVGElement>(item, "menu-icon"), action.icon);
    part(item, "menu-label").textContent = action.label;
    item.addEventListener("click", () => {
      door.close();
      action.run();
    });
    return item;
  }

  get #items(): HTMLButtonElement[] {
    return [...this.menu.querySelectorAll("button")].filter((item) => item.checkVisibility());
  }

  /** Arrows move, Home and End go to the ends, Tab leaves, as in any menu (WAI-ARIA APG, menu button). */
  #key(event: KeyboardEvent): void {
    const items = this.#items;
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    const isRtl = getComputedStyle(this.menu).direction === "rtl";
    const along = { ArrowRight: isRtl ? -1 : 1, ArrowLeft: isRtl ? 1 : -1 }[event.key];
    let next: HTMLButtonElement | undefined;
    if (along) next = items[(at + along + items.length) % items.length];
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") next = across(items, at, event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Home") next = items[0];
    else if (event.key === "End") next = items.at(-1);
    else {
      if (event.key === "Tab") this.menu.hidePopover();
      return;
    }
    event.preventDefault();
    next?.focus();
  }
}

/** The item on the next line that is nearest, going round at the ends. */
function across(items: HTMLButtonElement[], at: number, step: 1 | -1): HTMLButtonElement | undefined {
  const here = items[at]?.getBoundingClientRect();
  if (!here) return items[0];
  const boxes = items.map((item) => ({ item, box: item.getBoundingClientRect() }));
  const beyond = boxes.filter(({ box }) => (box.top - here.top) * step > here.height / 2);
  const others = beyond.length > 0 ? beyond : boxes;
  const line = others.reduce((a, b) => ((b.box.top - a.box.top) * step < 0 ? b : a)).box.top;
  const onLine = others.filter(({ box }) => Math.abs(box.top - line) < here.height / 2);
  return onLine.reduce((a, b) => (Math.abs(b.box.left - here.left) < Math.abs(a.box.left - here.left) ? b : a)).item;
}
