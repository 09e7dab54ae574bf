// Words of messages as other places show them.
import { say } from "../texts";
import type { Shown } from "./conversation";
import type { ChatPage } from "./page";

const SNIPPET = 140;

/** The beginning of a text, on one line. */
export function snippet(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > SNIPPET ? `${line.slice(0, SNIPPET)}…` : line;
}

/** A message in a few words, also one without words. */
export function inBrief(page: ChatPage, shown: Shown | undefined): string {
  if (!shown) return say(page.texts, "quote_earlier");
  if (shown.isErased) return say(page.texts, "erased");
  if (shown.text === null) return say(page.texts, "cannot_verify");
  return snippet(shown.text) || say(page.texts, "quote_attachment");
}

/** Who wrote it. */
export const writerOf = (page: ChatPage, isMine: boolean): string => (isMine ? say(page.texts, "you") : page.peerName);
