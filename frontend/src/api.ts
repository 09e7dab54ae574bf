// The REST API with the browser's session: CSRF header on writes, problems as errors.

export interface ProblemDocument {
  code: string;
  title: string;
  status: number;
  detail: string;
  [member: string]: unknown;
}

export class Problem extends Error {
  constructor(readonly document: ProblemDocument) {
    super(document.code);
  }
  get code(): string {
    return this.document.code;
  }
}

const BASE = "/api/v1/";

export function csrfToken(): string {
  return document.cookie.match(/(?:^|; )(?:__Host-)?pairly_csrf=([^;]+)/)?.[1] ?? "";
}

export async function request<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  const response = await fetch(path.startsWith("http") ? path : BASE + path, {
    method,
    credentials: "same-origin",
    headers: {
      Accept: "application/json",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...(method === "GET" ? {} : { "X-CSRFToken": csrfToken() }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch(() => {
    throw new Problem({ code: "offline", title: "", status: 0, detail: "" });
  });
  const text = await response.text();
  const data: unknown = text ? JSON.parse(text) : null;
  if (!response.ok) throw new Problem(data as ProblemDocument);
  return data as T;
}

export const get = <T>(path: string): Promise<T> => request<T>("GET", path);
export const post = <T>(path: string, body: unknown): Promise<T> => request<T>("POST", path, body);
