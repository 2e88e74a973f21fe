// How the sending of a batch goes, every two seconds until everybody has the invitation.

const EVERY_MS = 2000;

const place = /** @type {HTMLElement} */ (document.getElementById("progress"));
const bar = /** @type {HTMLProgressElement} */ (place.querySelector("progress"));
const numbers = new Intl.NumberFormat(document.documentElement.lang);

async function look() {
  const answer = await fetch(/** @type {string} */ (place.dataset.source), { cache: "no-store" });
  if (!answer.ok) return true; // the session ended, or the house restarts: the next look tells
  const found = await answer.json();
  bar.value = found.share;
  for (const name of ["sent", "waiting", "failed"]) {
    const shown = /** @type {HTMLElement} */ (place.querySelector(`[data-count="${name}"]`));
    shown.textContent = numbers.format(found[name]);
  }
  return !found.done;
}

async function watch() {
  let goes = true;
  try {
    goes = await look();
  } catch {
    // No network for a moment: the page keeps what it shows.
  }
  if (goes) setTimeout(watch, EVERY_MS);
}

setTimeout(watch, EVERY_MS);
