// <pairly-place-field> around a text input and, hidden, the number of the chosen city: a combobox with a list
// (WAI-ARIA Authoring Practices, "Editable Combobox With List Autocomplete").
type Place = { id: number; name: string; region: string; country_name: string };

const WAIT_MS = 200;
const SHORTEST = 2;

class PlaceField extends HTMLElement {
  private input!: HTMLInputElement;
  private chosen: HTMLInputElement | null = null;
  private readonly list = document.createElement("ul");
  private readonly status = document.createElement("p");
  private readonly known = new Map<string, Place[]>();
  private found: Place[] = [];
  private at = -1;
  private timer = 0;
  private asked = 0;

  connectedCallback(): void {
    const input = this.querySelector<HTMLInputElement>("input[type=text]");
    if (!input) return;
    this.input = input;
    this.chosen = this.querySelector<HTMLInputElement>("input[type=hidden]");
    this.prepare();
    input.addEventListener("input", () => this.typed());
    input.addEventListener("keydown", (event) => this.pressed(event));
    input.addEventListener("blur", () => this.close());
    // Before the input loses the focus.
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = (event.target as Element).closest("[role=option]");
      if (option) this.choose([...this.list.children].indexOf(option));
    });
    this.dataset["ready"] = "yes";
  }

  private prepare(): void {
    const id = `${this.input.id}_list`;
    this.list.id = id;
    this.list.className = "suggestions";
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", this.dataset["label"] ?? "");
    this.status.className = "visually-hidden";
    this.status.setAttribute("role", "status");
    const attributes = { role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id };
    for (const [name, value] of Object.entries(attributes)) this.input.setAttribute(name, value);
    this.append(this.list, this.status);
  }

  private typed(): void {
    if (this.chosen) this.chosen.value = "";
    window.clearTimeout(this.timer);
    const text = this.input.value.trim();
    if (text.length < SHORTEST) return this.close();
    this.timer = window.setTimeout(() => void this.suggest(text), WAIT_MS);
  }

  private async suggest(text: string): Promise<void> {
    const number = ++this.asked;
    const found = this.known.get(text) ?? (await this.fetch(text));
    if (number !== this.asked || this.input.value.trim() !== text || document.activeElement !== this.input) return;
    this.found = found;
    this.show();
  }

  private async fetch(text: string): Promise<Place[]> {
    try {
      const answer = await fetch(`/api/v1/places?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) return [];
      const found = (await answer.json()) as Place[];
      this.known.set(text, found);
      return found;
    } catch {
      return [];
    }
  }

  private show(): void {
    this.at = -1;
    this.list.replaceChildren(...this.found.map((place, n) => this.option(place, n)));
    this.open(this.found.length > 0);
    this.status.textContent = this.found.length ? (this.dataset["count"] ?? "").replace("0", String(this.found.length)) : (this.dataset["none"] ?? "");
  }

  private option(place: Place, n: number): HTMLLIElement {
    const option = document.createElement("li");
    option.id = `${this.list.id}_${n}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    const name = document.createElement("bdi");
    name.textContent = place.name;
    const rest = document.createElement("span");
    rest.textContent = [place.region, place.country_name].filter(Boolean).join(", ");
    option.append(name, " ", rest);
    return option;
  }

  private pressed(event: KeyboardEvent): void {
    const last = this.found.length - 1;
    const isOpen = !this.list.hidden;
    if (event.key === "Escape" && isOpen) this.close();
    else if (event.key === "ArrowDown" && !isOpen && last >= 0) this.open(true), this.mark(0);
    else if (event.key === "ArrowDown" && isOpen) this.mark(this.at < last ? this.at + 1 : 0);
    else if (event.key === "ArrowUp" && isOpen) this.mark(this.at > 0 ? this.at - 1 : last);
    else if (event.key === "Enter" && isOpen && this.at >= 0) this.choose(this.at);
    else if (event.key === "Tab" && isOpen && this.at >= 0) return this.choose(this.at); // and go on to the next field
    else return;
    event.preventDefault();
  }

  private mark(n: number): void {
    this.at = n;
    [...this.list.children].forEach((option, number) => option.setAttribute("aria-selected", String(number === n)));
    const option = this.list.children[n];
    if (option) {
      this.input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  private choose(n: number): void {
    const place = this.found[n];
    if (!place) return;
    this.input.value = [place.name, place.region, place.country_name].filter(Boolean).join(", ");
    if (this.chosen) this.chosen.value = String(place.id);
    this.close();
  }

  private open(isOpen: boolean): void {
    this.list.hidden = !isOpen;
    this.input.setAttribute("aria-expanded", String(isOpen));
  }

  private close(): void {
    window.clearTimeout(this.timer);
    this.asked++;
    this.mark(-1);
    this.open(false);
    this.status.textContent = "";
  }
}

customElements.define("pairly-place-field", PlaceField);
