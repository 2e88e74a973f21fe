/** The environment check: delay, uplink to the real store, picture, sound, room for the recording. */

/**
 * @typedef {"good" | "advise" | "warn" | "block"} Verdict
 * @typedef {{name: string, value: number | null, verdict: Verdict}} Measure  null: it could not be measured
 */

const PROBE_BYTES = 512 * 1024;
const PROBE_MS = 15_000;
const DELAYS = 5;
/** Measures of which more is worse. */
const MORE_IS_WORSE = new Set(["delay_ms"]);
/** @type {Verdict[]} */
const ORDER = ["good", "advise", "warn", "block"];

/**
 * @param {object} given
 * @param {import("./api.js").Api} given.api
 * @param {import("./types.js").InterviewView} given.view
 * @param {import("./meters.js").PictureMeter | null} given.picture
 * @param {import("./meters.js").SoundMeter | null} given.sound
 * @param {(measure: Measure) => void} given.onMeasure told one by one
 * @returns {Promise<{measures: Measure[], verdict: Verdict}>}
 */
export async function checkEnvironment({ api, view, picture, sound, onMeasure }) {
  /** @type {[string, () => Promise<number | null>][]} */
  const tests = [
    ["delay_ms", () => delay(api)],
    ["uplink_kbps", () => uplink(api)],
    ["fps", async () => picture?.fps ?? null],
    ["height_px", async () => picture?.size.height || null],
    ["snr_db", async () => sound?.snrDb ?? null],
    ["free_mb", freeMegabytes],
  ];
  const measures = [];
  for (const [name, test] of tests) {
    const value = await test();
    const measure = { name, value, verdict: judged(name, value, view.entry.environment[name]) };
    measures.push(measure);
    onMeasure(measure);
  }
  const worst = Math.max(...measures.map(({ verdict }) => ORDER.indexOf(verdict)));
  return { measures, verdict: ORDER[worst] ?? "good" };
}

/** What was not measured blocks nobody. @param {string} name @param {number | null} value @param {import("./types.js").Limits} [limits] @returns {Verdict} */
export function judged(name, value, limits) {
  if (value === null || !limits) return "good";
  const worse = (/** @type {number | null} */ limit) =>
    limit !== null && (MORE_IS_WORSE.has(name) ? value > limit : value < limit);
  if (worse(limits.block)) return "block";
  if (worse(limits.warn)) return "warn";
  return worse(limits.advise) ? "advise" : "good";
}

/** Median of five round trips in milliseconds. @param {import("./api.js").Api} api */
async function delay(api) {
  const trips = [];
  for (let count = 0; count < DELAYS; count += 1) {
    const started = performance.now();
    await api.get("/v1/candidate/interview");
    trips.push(performance.now() - started);
  }
  return trips.sort((a, b) => a - b)[Math.floor(DELAYS / 2)] ?? null;
}

/** Kilobits a second to the object store, with half a megabyte that nobody could compress. @param {import("./api.js").Api} api */
async function uplink(api) {
  const policy = await api.post("/v1/candidate/probe", {});
  const bytes = new Uint8Array(PROBE_BYTES);
  for (let start = 0; start < PROBE_BYTES; start += 65_536)
    crypto.getRandomValues(bytes.subarray(start, start + 65_536));
  const form = new FormData();
  for (const [name, value] of Object.entries(policy.fields)) form.append(name, String(value));
  form.append("key", policy.key);
  form.append("Content-Type", "application/octet-stream");
  form.append("file", new Blob([bytes]));
  const started = performance.now();
  try {
    const answer = await fetch(policy.url, {
      method: "POST",
      body: form,
      credentials: "omit",
      signal: AbortSignal.timeout(PROBE_MS),
    });
    if (!answer.ok) return null;
  } catch {
    return (PROBE_BYTES * 8) / PROBE_MS; // at most: it did not get through in that time
  }
  return (PROBE_BYTES * 8) / (performance.now() - started);
}

async function freeMegabytes() {
  const { quota, usage } = (await navigator.storage?.estimate?.()) ?? {};
  return quota === undefined ? null : (quota - (usage ?? 0)) / 1e6;
}
