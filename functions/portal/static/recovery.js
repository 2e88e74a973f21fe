/** What a page that was cut off left behind: made whole again, so that it can be continued or sent. */

import { attemptEntry, attemptsOf, bytesOf, partEntry, partsOf, uploadOf } from "./attempts.js";
import { steadyNow } from "./clock.js";

/**
 * @typedef {import("./types.js").KeptAttempt} KeptAttempt
 * @typedef {import("./types.js").KeptPart} KeptPart
 */

/** The attempt that was being recorded, or null. @param {import("./database.js").Database} database @param {string} interview @returns {Promise<KeptAttempt | null>} */
export async function cutOff(database, interview) {
  for (const attempt of (await attemptsOf(database, interview)).reverse())
    if (attempt.state === "recording" && (await uploadOf(database, attempt)).state === "open")
      return attempt;
  return null;
}

/** Remember when recording was ended because the page is left; written at once, unlike anything else a page can keep. @param {KeptAttempt} attempt @param {number} atMs on the attempt's clock */
export function rememberLeaving(attempt, atMs) {
  try {
    localStorage.setItem(LEFT, JSON.stringify({ attempt: attempt.id, atMs: Math.round(atMs) }));
  } catch {
    // No storage: the cut then counts as a crash.
  }
}

const LEFT = "greenroom-left";
/** A slice's end is known to some tens of milliseconds. */
const EXACT_MS = 60;

/** What the last segments lack: nothing where everything was durable when the page was left. @param {KeptAttempt} attempt @param {KeptPart[]} parts */
function judgeCut(attempt, parts) {
  const left = leavingOf(attempt);
  for (const segment of attempt.segments.filter((one) => !one.whole)) {
    const ends = parts
      .filter((part) => part.track === segment.track && part.segment === segment.segment)
      .map((part) => part.endMs);
    if (left === null || left < segment.startMs) continue;
    const missing = left - Math.max(segment.startMs, ...ends);
    if (missing <= EXACT_MS) segment.whole = true;
    else segment.unsavedMs = missing;
  }
}

/** @param {KeptAttempt} attempt @returns {number | null} */
function leavingOf(attempt) {
  try {
    const kept = JSON.parse(localStorage.getItem(LEFT) ?? "null");
    return kept?.attempt === attempt.id ? kept.atMs : null;
  } catch {
    return null;
  }
}

/** Whether the page was left in an orderly way, not killed, since the last segment began. @param {KeptAttempt} attempt */
export function wasLeft(attempt) {
  const left = leavingOf(attempt);
  return left !== null && attempt.segments.every((segment) => segment.startMs <= left);
}

/**
 * Close the parts that were still growing. A part whose last slice was not written is as long as its slices; a
 * segment that has none never was.
 * @param {import("./database.js").Database} database @param {KeptAttempt} attempt
 */
export async function closeParts(database, attempt) {
  const open = (await partsOf(database, attempt.id)).filter((part) => !part.closed);
  for (const part of open) {
    const { size } = await bytesOf(database, part);
    if (size > 0) await database.write([partEntry({ ...part, size, closed: 1 })]);
    else await database.removeAll("parts", partEntry(part)[1]);
  }
  const parts = await partsOf(database, attempt.id);
  judgeCut(attempt, parts);
  attempt.segments = attempt.segments.filter((segment) =>
    parts.some((part) => part.track === segment.track && part.segment === segment.segment),
  );
  await database.write([attemptEntry(attempt)]);
  database.changed();
}

/** Milliseconds of the attempt's clock that a track has recorded, over all its segments. @param {KeptPart[]} parts @param {import("./types.js").TrackName} [track] */
export function recordedMs(parts, track = "camera") {
  return parts
    .filter((part) => part.track === track)
    .reduce((sum, part) => sum + part.endMs - part.startMs, 0);
}

/** Longest interruption that the attempt's clock counts: what is longer ends there. */
const LONGEST_INTERRUPTION_MS = 12 * 3_600_000;

/** Move the attempt's beginning where its clock would otherwise run backwards, or beyond what is counted. @param {KeptAttempt} attempt @param {number} endMs */
export function goOnAfter(attempt, endMs) {
  const gap = steadyNow() - attempt.startedAt - endMs;
  const counted = Math.min(Math.max(gap, 1), LONGEST_INTERRUPTION_MS);
  attempt.startedAt += Math.round(gap - counted);
}
