/**
 * Lets the interview room be reloaded without a network: the page and its files come from a cache when the
 * network does not answer. Calls to the server and uploads never pass through here.
 */

const CACHE = "greenroom-room";
/** A reload waits this long for the network before it shows the kept page. */
const PATIENCE_MS = 4000;
/** And for the page that is left to have its last slice on disk. */
const DURABLE_WITHIN_MS = 1500;

/** @type {any} */
const worker = self;

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (/** @type {any} */ event) =>
  event.waitUntil(worker.clients.claim()),
);

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  /** @type {Request} */
  const request = event.request;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== worker.location.origin) return;
  if (request.mode === "navigate" && /^\/i\/[^/]+\/room$/.test(pathname))
    event.respondWith(everythingDurable().then(() => fromNetworkFirst(request)));
  else if (pathname.startsWith("/portal/static/")) event.respondWith(fromCacheFirst(request));
});

/** A page goes when its successor's bytes come: until then it may write. */
async function everythingDurable() {
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const rooms = pages.filter((/** @type {any} */ page) =>
    new URL(page.url).pathname.endsWith("/room"),
  );
  await Promise.race([
    Promise.all(rooms.map(isDurable)),
    new Promise((resolve) => setTimeout(resolve, DURABLE_WITHIN_MS)),
  ]);
}

/** @param {any} page @returns {Promise<unknown>} */
function isDurable(page) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resolve;
    page.postMessage("durable?", [port2]);
  });
}

/** @param {Request} request */
async function fromNetworkFirst(request) {
  const kept = () => caches.match(request, { ignoreSearch: true });
  try {
    const page = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return page.status >= 500 ? ((await kept()) ?? page) : page;
  } catch (error) {
    const page = await kept();
    if (page) return page;
    throw error;
  }
}

/** A file's path holds its version, so what is kept is never stale. @param {Request} request */
async function fromCacheFirst(request) {
  const kept = await caches.match(request);
  if (kept) return kept;
  const file = await fetch(request);
  if (file.ok && file.headers.get("Cache-Control")?.includes("immutable")) {
    const cache = await caches.open(CACHE);
    await cache.put(request, file.clone());
  }
  return file;
}
