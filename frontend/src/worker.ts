// Registers the service worker. Trusted Types ask for a TrustedScriptURL here; this policy, the only one that pages may
// have, gives out one address.
const WORKER = "/service-worker.js";

interface Policy {
  createScriptURL(address: string): unknown;
}
interface Types {
  createPolicy(name: string, rules: { createScriptURL: (address: string) => string }): Policy;
}

let registration: Promise<ServiceWorkerRegistration> | undefined;

export const canWork = "serviceWorker" in navigator;

/** The worker of this site, registered if it was not. Rejects where the browser has none. */
export function registerWorker(): Promise<ServiceWorkerRegistration> {
  registration ??= navigator.serviceWorker.register(trusted() as string, { scope: "/" });
  return registration;
}

function trusted(): unknown {
  const types = (window as { trustedTypes?: Types }).trustedTypes;
  return types ? types.createPolicy("pairly-worker", { createScriptURL: only }).createScriptURL(WORKER) : WORKER;
}

function only(address: string): string {
  if (address !== WORKER) throw new TypeError(address);
  return address;
}
