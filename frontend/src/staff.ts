// Keys for staff's pages. They only press buttons and follow links that are on the page, marked with data-key; a switch
// with data-part=keys-switch turns them off in this browser (WCAG 2.1.4: single-letter keys can be turned off).
const OFF = "pairly.staff-keys-off";

function isOff(): boolean {
  return localStorage.getItem(OFF) === "yes";
}

// A box to tick takes no letters: after ticking off a checklist the keys still work.
function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement && ["checkbox", "radio", "submit", "button"].includes(target.type)) return false;
  return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "SELECT", "TEXTAREA"].includes(target.tagName));
}

function press(key: string): boolean {
  const found = document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  if (!found) return false;
  if (found instanceof HTMLDialogElement) found.open ? found.close() : found.showModal();
  else found.click();
  return true;
}

// J and K walk through the rows of a list.
function walk(step: number): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step];
  next?.focus();
  return rows.length > 0;
}

// X ticks the row that the focus is on.
function tick(): boolean {
  const box = document.activeElement?.closest("li")?.querySelector<HTMLInputElement>("input[type=checkbox][form]");
  box?.click();
  return Boolean(box);
}

document.addEventListener("keydown", (event) => {
  if (isOff() || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toUpperCase();
  const done = key === "J" ? walk(1) : key === "K" ? walk(-1) : key === "X" ? tick() : key.length === 1 && press(key);
  if (done) event.preventDefault();
});

const keysSwitch = document.querySelector<HTMLInputElement>("[data-part=keys-switch]");
if (keysSwitch) {
  keysSwitch.closest<HTMLElement>("[hidden]")?.removeAttribute("hidden");
  keysSwitch.checked = !isOff();
  keysSwitch.addEventListener("change", () => localStorage.setItem(OFF, keysSwitch.checked ? "no" : "yes"));
}

// How many rows are ticked, and a button that ticks them all, or none.
const tickAll = document.querySelector<HTMLElement>("[data-part=tick-all]");
if (tickAll) {
  const boxes = [...document.querySelectorAll<HTMLInputElement>("input[type=checkbox][form]")];
  const counted = tickAll.querySelector<HTMLElement>("[data-n]");
  const count = (): void => {
    if (counted) counted.textContent = (counted.dataset.n ?? "").replace("{n}", String(boxes.filter((box) => box.checked).length));
  };
  tickAll.hidden = false;
  tickAll.querySelector("button")?.addEventListener("click", () => {
    const isOn = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = isOn;
    count();
  });
  for (const box of boxes) box.addEventListener("change", count);
  count();
}

// How a decision reads, while it is written: the server says it, as for who has no scripts.
interface Reading {
  text: string;
  problem: string;
  language?: string;
  direction?: string;
  letters: { where: string; title: string; text: string }[];
}

class LivePreview {
  private timer = 0;
  private latest = 0;
  private readonly text: HTMLTextAreaElement;
  private readonly place: HTMLElement;

  constructor(private readonly form: HTMLFormElement) {
    this.text = form.querySelector("textarea")!;
    this.place = form.querySelector("[data-part=preview]")!;
    const fill = form.querySelector<HTMLElement>("[data-part=fill]");
    if (fill) fill.hidden = true;
    form.addEventListener("input", (event) => this.heard(event.target));
  }

  private heard(target: EventTarget | null): void {
    clearTimeout(this.timer);
    const isChoice = target instanceof HTMLSelectElement && target.name === "canned";
    if (isChoice) void this.ask("fill");
    else this.timer = window.setTimeout(() => void this.ask("preview"), 400);
  }

  private async ask(step: string): Promise<void> {
    const number = ++this.latest;
    const body = new FormData(this.form);
    body.set("step", step);
    const written = this.text.value;
    try {
      const answer = await fetch(this.form.dataset.preview!, { method: "POST", body, headers: { Accept: "application/json" } });
      const found = (await answer.json()) as Reading;
      if (number !== this.latest) return;
      if (step === "fill" && this.text.value === written) this.text.value = found.text;
      this.show(found);
    } catch {
      if (number === this.latest) this.place.replaceChildren();
    }
  }

  private show(found: Reading): void {
    const title = document.createElement("h3");
    title.textContent = found.letters.length ? (this.form.dataset.previewTitle ?? "") : "";
    const problem = document.createElement("p");
    problem.className = "field-errors";
    problem.textContent = found.problem;
    this.place.replaceChildren(...(found.problem ? [problem] : []), ...(found.letters.length ? [title] : []), ...found.letters.map((letter) => this.letter(letter, found)));
  }

  private letter(letter: Reading["letters"][number], found: Reading): Node {
    const pattern = this.form.querySelector<HTMLTemplateElement>("template[data-part=letter]")!;
    const made = pattern.content.firstElementChild!.cloneNode(true) as HTMLElement;
    made.lang = found.language ?? "";
    made.dir = found.direction ?? "";
    [letter.where, letter.title, letter.text].forEach((words, i) => {
      const line = made.children.item(i);
      if (line) line.textContent = words;
    });
    return made;
  }
}

for (const form of document.querySelectorAll<HTMLFormElement>("form[data-preview]")) new LivePreview(form);
