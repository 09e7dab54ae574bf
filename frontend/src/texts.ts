// Texts come translated from the page: a JSON block that the template writes.

export type Texts = Record<string, string>;

export const language = document.documentElement.lang || "en";

const PLACEHOLDER = /\{(\w+)\}/g;
const creditNumber = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });

export function readTexts(id: string): Texts {
  return JSON.parse(document.getElementById(id)?.textContent ?? "{}") as Texts;
}

/** `name` with its {placeholders} filled. */
export function say(texts: Texts, name: string, values: Record<string, string | number> = {}): string {
  return (texts[name] ?? name).replace(PLACEHOLDER, (_, key: string) => String(values[key] ?? ""));
}

/** As `say`, into an element: a value may be an element of its own, such as a `<time>`. */
export function sayInto(element: Element, texts: Texts, name: string, values: Record<string, string | Node>): void {
  const pieces = (texts[name] ?? name).split(PLACEHOLDER);
  element.replaceChildren(...pieces.map((piece, i) => (i % 2 === 0 ? piece : (values[piece] ?? ""))));
}

/** Hundredths of a credit as a number of credits. */
export function credits(centi: number): string {
  return creditNumber.format(centi / 100);
}
