// What was written and is not sent yet. Plaintext: it stays in this tab (sessionStorage ends with it, and other tabs and
// later visitors of this browser do not see it), under the name of its writer, and goes at sign-out. localStorage would
// leave it on the disk for whoever uses the browser next; the server must never see it.
import { decode64, encode64 } from "../protocol/bytes";
import type { Outgoing } from "./conversation";

/** What the draft is about: a message that it answers or whose text it changes. `aside` is what an edit put away. */
export interface About {
  what: "answer" | "edit";
  id: string;
  aside: string;
}

interface Kept {
  draft: string;
  about: About | null;
  unsent: (Omit<Outgoing, "id"> & { id: string })[];
}

const PREFIX = "pairly/unsent/";

export class Drafts {
  readonly #key: string;
  #kept: Kept = { draft: "", about: null, unsent: [] };

  constructor(user: string, conversation: string) {
    forget((key) => !key.startsWith(`${PREFIX}${user}/`));
    this.#key = `${PREFIX}${user}/${conversation}`;
    try {
      this.#kept = { ...this.#kept, ...(JSON.parse(sessionStorage.getItem(this.#key) ?? "{}") as Partial<Kept>) };
    } catch {
      // Storage is off or holds something else: drafts then live as long as the page.
    }
    document.addEventListener("submit", (event) => {
      if ((event.target as HTMLFormElement).action.endsWith("/sign-out/")) forget(() => true);
    });
  }

  get draft(): string {
    return this.#kept.draft;
  }

  set draft(text: string) {
    this.#kept.draft = text;
    this.#save();
  }

  get about(): About | null {
    return this.#kept.about;
  }

  set about(about: About | null) {
    this.#kept.about = about;
    this.#save();
  }

  get unsent(): Outgoing[] {
    return this.#kept.unsent.map((one) => ({ ...one, id: decode64(one.id) }));
  }

  set unsent(all: Outgoing[]) {
    this.#kept.unsent = all.map((one) => ({ ...one, id: encode64(one.id) }));
    this.#save();
  }

  #save(): void {
    try {
      if (this.#kept.draft || this.#kept.about || this.#kept.unsent.length > 0) sessionStorage.setItem(this.#key, JSON.stringify(this.#kept));
      else sessionStorage.removeItem(this.#key);
    } catch {
      // As above.
    }
  }
}

/** Remove what is kept in this tab, where `isMeant`. */
export function forget(isMeant: (key: string) => boolean): void {
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX) && isMeant(key)) sessionStorage.removeItem(key);
  } catch {
    // No storage, nothing kept.
  }
}
