// The service worker (Service Workers, W3C): wakes up for a push, and shows a page of our own when there is no network.
// It keeps that page and the files it needs, all of them the same for everybody. It keeps no other page, no answer of
// the API and nothing that was decrypted, and stands in the way of no request but navigations and those files.
// The server writes PAIRLY in front of it (pairly/site/installable.py), so new texts or files are a new worker.
export {};

interface Facts {
  /** Names the store; another one for every change. */
  version: string;
  language: string;
  direction: "ltr" | "rtl";
  title: string;
  body: string;
  icon: string;
  badge: string;
  /** Where a notification leads. */
  news: string;
  offline: string;
  files: string[];
}

declare const self: ServiceWorkerGlobalScope & { PAIRLY: Facts };

const facts = self.PAIRLY;
const PREFIX = "pairly-";
const STORE = PREFIX + facts.version;
const files = new Set(facts.files.map((file) => new URL(file, self.location.href).href));

self.addEventListener("install", (event) => event.waitUntil(begin()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

async function begin(): Promise<void> {
  const store = await caches.open(STORE);
  // As a stranger, so that it is nobody's page. What cannot be had now must not keep pushes from arriving.
  const page = new Request(facts.offline, { credentials: "omit", headers: { "Accept-Language": facts.language } });
  await Promise.allSettled([store.add(page), ...[...files].map((file) => store.add(new Request(file, { credentials: "omit" })))]);
  await self.skipWaiting();
}

async function takeOver(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== STORE);
  await Promise.all(old.map((name) => caches.delete(name)));
  // The request of a navigation leaves while the worker starts.
  await self.registration.navigationPreload.enable();
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(navigate(event));
  else if (files.has(request.url)) event.respondWith(fetch(request).catch(() => stored(request.url)));
});

async function navigate(event: FetchEvent): Promise<Response> {
  try {
    return ((await event.preloadResponse) as Response | undefined) ?? (await fetch(event.request));
  } catch {
    return stored(facts.offline);
  }
}

async function stored(address: string): Promise<Response> {
  // It was asked for in the reader's language, by a request that no navigation is the like of.
  return (await caches.match(address, { ignoreVary: true })) ?? Response.error();
}

// What a push brings is not looked at: it brings nothing.
self.addEventListener("push", (event) => {
  event.waitUntil(
    self.registration.showNotification(facts.title, {
      body: facts.body,
      icon: facts.icon,
      badge: facts.badge,
      lang: facts.language,
      dir: facts.direction,
      tag: "pairly-news", // the next one takes its place
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openNews());
});

async function openNews(): Promise<void> {
  const pages = await self.clients.matchAll({ type: "window" });
  const page = pages.find((one) => one.visibilityState === "visible") ?? pages[0];
  if (page) {
    try {
      await page.navigate(facts.news);
      await page.focus();
      return;
    } catch {
      // Not ours to move: a new one.
    }
  }
  await self.clients.openWindow(facts.news);
}
