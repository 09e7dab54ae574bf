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
