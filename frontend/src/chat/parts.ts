// Finding and drawing on the page: parts are named by `data-part`, drawings live in one file of icons.

export function part<T extends Element = HTMLElement>(root: ParentNode, name: string): T {
  const found = root.querySelector<T>(`[data-part="${name}"]`);
  if (!found) throw new Error(`the page has no part ${name}`);
  return found;
}

const DIRECTED = new Set(["return"]);

/** Show another drawing in an `{% icon %}` of the page. */
export function draw(svg: SVGElement, name: string): void {
  const use = svg.querySelector("use");
  const file = use?.getAttribute("href")?.split("#")[0];
  use?.setAttribute("href", `${file}#${name}`);
  svg.classList.toggle("icon-directed", DIRECTED.has(name));
}
