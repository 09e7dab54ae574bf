// Texts come translated from the page: a JSON block that the template writes.

export type Texts = Record<string, string>;

export function readTexts(id: string): Texts {
  return JSON.parse(document.getElementById(id)?.textContent ?? "{}") as Texts;
}

/** `name` with its {placeholders} filled. */
export function say(texts: Texts, name: string, values: Record<string, string | number> = {}): string {
  return (texts[name] ?? name).replace(/\{(\w+)\}/g, (_, key: string) => String(values[key] ?? ""));
}

/** Hundredths of a credit as a number of credits. */
export function credits(centi: number): string {
  return new Intl.NumberFormat(document.documentElement.lang || "en", { maximumFractionDigits: 2 }).format(centi / 100);
}
