// A price that changed is asked for again, with the old and the new one, before anything is charged.
import { credits, say, type Texts } from "../texts";
import { part } from "./parts";

/** Whether the person sends for the new price. Closing the dialog in any other way is a no. */
export function askForPrice(dialog: HTMLDialogElement, texts: Texts, oldCenti: number, newCenti: number): Promise<boolean> {
  const values = { old: credits(oldCenti), new: credits(newCenti) };
  part(dialog, "price-text").textContent = say(texts, newCenti > 0 ? "price_changed" : "price_free", values);
  part(dialog, "price-old").textContent = values.old;
  part(dialog, "price-new").textContent = values.new;
  part(dialog, "price-accept").textContent = say(texts, newCenti > 0 ? "send_for" : "send", { price: values.new });
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "accept"), { once: true });
  });
}
