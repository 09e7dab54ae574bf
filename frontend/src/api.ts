// The REST API with the browser's session: CSRF header on writes, problems as errors. What may be asked and what is
// answered says the API's description: get<"/api/v1/keys/session">("keys/session").
import type { components, paths } from "./api-types";

type Methods = "get" | "post" | "put" | "delete";
type Operation<P extends keyof paths, M extends Methods> = Exclude<paths[P][M], undefined>;
type Json<T> = T extends { content: { "application/json": infer B } } ? B : never;

/** The paths that take this method. */
export type PathOf<M extends Methods> = { [P in keyof paths]: [Operation<P, M>] extends [never] ? never : P }[keyof paths];
/** What is answered when all went well; null where that is nothing. */
export type Answer<P extends keyof paths, M extends Methods> =
  Operation<P, M> extends { responses: infer R } ? Successful<R, Extract<keyof R, 200 | 201 | 202>> : never;
type Successful<R, S extends keyof R> = [S] extends [never] ? null : Json<R[S]>;
/** What is sent. */
export type Body<P extends keyof paths, M extends Methods> = Operation<P, M> extends { requestBody?: infer B } ? Json<Exclude<B, undefined>> : never;
export type Schema<N extends keyof components["schemas"]> = components["schemas"][N];

type Filled<P extends string> = P extends `${infer A}{${string}}${infer B}` ? `${A}${string}${Filled<B>}` : P;
type Relative<P extends string> = P extends `/api/v1/${infer R}` ? Filled<R> : never;
/** Addresses of a path, relative to /api/v1/, with values for its parameters. */
export type Address<P extends string> = Relative<P> | `${Relative<P>}?${string}`;

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

export const get = <P extends PathOf<"get">>(path: Address<P>): Promise<Answer<P, "get">> => request("GET", path);
export const post = <P extends PathOf<"post">>(path: Address<P>, body: Body<P, "post">): Promise<Answer<P, "post">> => request("POST", path, body);
