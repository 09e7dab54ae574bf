// Swagger UI over our own description. It asks nobody else, sends the CSRF token of our own pages with writes, and
// follows the theme of the page.
import { csrfToken } from "./api";

interface SwaggerRequest {
  method?: string;
  headers: Record<string, string>;
}

declare const SwaggerUIBundle: (options: Record<string, unknown>) => unknown;

const root = document.querySelector<HTMLElement>("#swagger-ui");
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = (): boolean => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

if (root) {
  SwaggerUIBundle({
    url: root.dataset["schema"],
    domNode: root,
    deepLinking: true,
    docExpansion: "none",
    filter: true,
    defaultModelsExpandDepth: -1,
    validatorUrl: null,
    persistAuthorization: false,
    requestInterceptor: (request: SwaggerRequest) => {
      if (!["GET", undefined].includes(request.method)) request.headers["X-CSRFToken"] = csrfToken();
      return request;
    },
  });
}
