// Where it is narrow, what can be sent beside words is behind one button; elsewhere CSS shows it in the composer.
import { part } from "./parts";

export function gatherTools(root: HTMLElement): void {
  const [opener, tools] = [part(root, "tools-open"), part(root, "tools")];
  const show = (isOpen: boolean): void => {
    opener.setAttribute("aria-expanded", String(isOpen));
    tools.classList.toggle("is-open", isOpen);
  };
  const isOpen = (): boolean => opener.getAttribute("aria-expanded") === "true";
  opener.addEventListener("click", () => show(!isOpen()));
  tools.addEventListener("click", (event) => {
    if ((event.target as Element).closest("button")) show(false);
  });
  document.addEventListener("pointerdown", (event) => {
    const target = event.target as Element;
    if (isOpen() && !tools.contains(target) && !opener.contains(target)) show(false);
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    show(false);
    opener.focus();
  });
}
