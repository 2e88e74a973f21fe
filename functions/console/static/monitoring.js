// 监控: asks for what has changed, puts the rows in their places, and filters them. Rows come written by the server.

const EVERY_MS = 1000;
const SUMMARY_EVERY_MS = 4000;
const STALE_AFTER_MS = 15_000;

const page = /** @type {HTMLElement} */ (document.querySelector(".monitoring"));
const table = /** @type {HTMLTableElement} */ (document.querySelector(".running"));
const rows = /** @type {HTMLTableSectionElement} */ (document.querySelector("#rows"));
const summary = /** @type {HTMLElement} */ (document.querySelector("#summary"));
const stale = /** @type {HTMLElement} */ (document.querySelector("#stale"));
const nobody = /** @type {HTMLElement} */ (document.querySelector("#nobody"));
const noneFound = /** @type {HTMLElement} */ (document.querySelector("#none-found"));
const filter = /** @type {HTMLFormElement} */ (document.querySelector("#filter"));
const language = document.documentElement.lang;

let since = page.dataset.now ?? "";
/** The server's clock minus this computer's, ms. */
let ahead = Date.parse(since) - Date.now();
let answeredAt = performance.now();
let summarisedAt = performance.now();

/** @param {string} path @returns {Promise<Response>} */
async function ask(path) {
  const response = await fetch(`/console/monitoring/${path}`, { redirect: "error" });
  if (response.status === 401 || response.status === 403) location.reload(); // the way in, with its reason
  if (!response.ok) throw new Error(`${response.status}`);
  return response;
}

async function renew() {
  const query = new URLSearchParams({ since, lang: language });
  const news = await (await ask(`changes?${query}`)).json();
  since = news.now;
  ahead = Date.parse(since) - Date.now();
  const maker = document.createElement("template");
  maker.innerHTML = news.rows;
  for (const row of maker.content.querySelectorAll("tr")) place(row);
  for (const id of news.gone) document.getElementById(id)?.remove();
  if (performance.now() - summarisedAt >= SUMMARY_EVERY_MS) {
    summarisedAt = performance.now();
    const html = await (await ask(`summary?${new URLSearchParams({ lang: language })}`)).text();
    const focused = document.activeElement?.getAttribute("href");
    if (summary.innerHTML !== html) summary.innerHTML = html;
    if (focused && document.activeElement === document.body)
      /** @type {HTMLElement | null} */ (summary.querySelector(`[href="${focused}"]`))?.focus();
  }
  sift();
}

/** @param {HTMLTableRowElement} row */
function place(row) {
  const old = document.getElementById(row.id);
  if (!old) {
    rows.append(row);
    return;
  }
  const held = old.contains(document.activeElement);
  old.replaceWith(row);
  if (held) row.querySelector("a")?.focus({ preventScroll: true });
}

function sift() {
  const wanted = new FormData(filter);
  const words = String(wanted.get("find") ?? "")
    .trim()
    .toLowerCase();
  const only = String(wanted.get("only") ?? "");
  let shown = 0;
  for (const row of rows.rows) {
    const named = !words || (row.cells[0]?.textContent ?? "").toLowerCase().includes(words);
    const fits = !only || (only === "alarm" ? "alarm" in row.dataset : row.dataset.phase === only);
    const hidden = !(named && fits);
    if (row.hidden !== hidden) row.hidden = hidden;
    shown += hidden ? 0 : 1;
  }
  const any = rows.rows.length > 0;
  table.hidden = shown === 0;
  nobody.hidden = any;
  noneFound.hidden = !any || shown > 0;
}

/** Seconds since each was heard of go on between two answers. */
function tick() {
  const now = Date.now() + ahead;
  for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (
    rows.querySelectorAll("[data-heard]")
  )) {
    const words = `${Math.max(0, Math.round((now - Number(time.dataset.heard)) / 1000))} s`;
    if (time.textContent !== words) time.textContent = words;
  }
}

async function watch() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    if (document.hidden) continue;
    try {
      await renew();
      tick();
      answeredAt = performance.now();
    } catch {
      // The server is away for a moment: what is shown is old, and that is said.
    }
    stale.hidden = performance.now() - answeredAt < STALE_AFTER_MS;
  }
}

filter.addEventListener("submit", (event) => event.preventDefault());
filter.addEventListener("input", sift);
sift();
void watch();
