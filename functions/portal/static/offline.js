/** Keeps this page for a reload without a network, and forgets it when the interview is over. */

const CACHE = "greenroom-room";

/** Every file that this page has loaded, and the page itself. Safe to call often. */
export async function keepPage() {
  if (!("serviceWorker" in navigator) || !("caches" in globalThis)) return;
  try {
    await navigator.serviceWorker.register("/portal/service-worker.js", { scope: "/i/" });
    const loaded = performance
      .getEntriesByType("resource")
      .map((entry) => new URL(entry.name))
      .filter((url) => url.origin === location.origin && url.pathname.startsWith("/portal/static/"))
      .map((url) => url.href);
    const cache = await caches.open(CACHE);
    const wanted = new Set([location.href.split("#", 1)[0] ?? location.href, ...loaded]);
    for (const kept of await cache.keys()) if (!wanted.has(kept.url)) await cache.delete(kept);
    await cache.addAll([...wanted]);
  } catch {
    // Without a cache (a private window, a full disk) a reload needs the network; nothing else changes.
  }
}

/** Tell the service worker, which holds back the next page for so long, when nothing is left to be written. @param {{durable: () => Promise<unknown>}} recorder */
export function answerWhenDurable(recorder) {
  navigator.serviceWorker?.addEventListener("message", async ({ data, ports }) => {
    if (data !== "durable?") return;
    await recorder.durable();
    ports[0]?.postMessage("durable");
  });
  navigator.serviceWorker?.startMessages();
}

/** The page holds the candidate's name: it does not stay on a shared computer. */
export async function forgetPage() {
  try {
    await globalThis.caches?.delete(CACHE);
  } catch {
    // Where the browser denies the cache, it denied keeping the page too.
  }
}
