// Texts as a search compares them: without case, accents and forms of the same letter (Unicode NFKD).

const MARKS = /\p{M}/gu;

export function fold(text: string): string {
  return text.normalize("NFKD").replace(MARKS, "").toLowerCase().replaceAll("ς", "σ");
}

/** Where `folded` occurs in `text`, as [from, to) of `text` itself. */
export function findIn(text: string, folded: string): [number, number][] {
  let whole = "";
  const from: number[] = []; // of each unit of `whole`: where its character begins in `text`
  const to: number[] = [];
  let at = 0;
  for (const character of text) {
    const units = fold(character);
    if (units === "" && to.length > 0) to[to.length - 1] = at + character.length; // a mark belongs to its letter
    for (let i = 0; i < units.length; i++) {
      from.push(at);
      to.push(at + character.length);
    }
    whole += units;
    at += character.length;
  }
  const found: [number, number][] = [];
  for (let i = whole.indexOf(folded); i >= 0; i = whole.indexOf(folded, i + folded.length)) {
    found.push([from[i] as number, to[i + folded.length - 1] as number]);
  }
  return found;
}
