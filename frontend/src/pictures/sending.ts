// One file on its way. fetch() tells nothing of how far it is, so this is an XMLHttpRequest.
import { Problem, csrfToken, type ProblemDocument } from "../api";

export interface Added {
  uid: string;
  url: string;
  alt: string;
  audience: string;
  width_px: number;
  height_px: number;
  files: { width: number; url: string }[];
}

export interface Sending<T = Added> {
  done: Promise<T>;
  abort: () => void;
}

/** Send `fields` as a form. `onProgress` gets the share that has left, from 0 to 1. Rejects with a Problem. */
export function send<T = Added>(address: string, fields: Record<string, string | File>, onProgress: (share: number) => void): Sending<T> {
  const xhr = new XMLHttpRequest();
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  const done = new Promise<T>((resolve, reject) => {
    xhr.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    xhr.upload.addEventListener("load", () => onProgress(1));
    xhr.addEventListener("load", () => {
      const answer: unknown = parse(xhr.responseText);
      if (xhr.status === 201 && answer) resolve(answer as T);
      else reject(problem((answer ?? {}) as Partial<ProblemDocument>, xhr.status));
    });
    for (const name of ["error", "timeout", "abort"]) xhr.addEventListener(name, () => reject(problem({}, 0)));
  });
  xhr.open("POST", `/api/v1/${address}`);
  xhr.setRequestHeader("Accept", "application/json");
  xhr.setRequestHeader("X-CSRFToken", csrfToken());
  xhr.send(form);
  return { done, abort: () => xhr.abort() };
}

function problem(found: Partial<ProblemDocument>, status: number): Problem {
  return new Problem({ code: status ? "failed" : "offline", title: "", detail: "", ...found, status });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
