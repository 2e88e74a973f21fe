/** What a page that was cut off left behind: made whole again, so that it can be continued or sent. */

import { attemptEntry, attemptsOf, bytesOf, partEntry, partsOf, uploadOf } from "./attempts.js";

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

/** Close the parts that were still growing. A part whose last slice was not written is as long as its slices. @param {import("./database.js").Database} database @param {KeptAttempt} attempt */
export async function closeParts(database, attempt) {
  const open = (await partsOf(database, attempt.id)).filter((part) => !part.closed);
  for (const part of open) {
    const { size } = await bytesOf(database, part);
    if (size > 0) await database.write([partEntry({ ...part, size, closed: 1 })]);
    else await database.removeAll("parts", partEntry(part)[1]);
  }
  await database.write([attemptEntry(attempt)]);
  database.changed();
}

/** Milliseconds of the attempt's clock that a track has recorded, over all its segments. @param {KeptPart[]} parts @param {import("./types.js").TrackName} [track] */
export function recordedMs(parts, track = "camera") {
  return parts
    .filter((part) => part.track === track)
    .reduce((sum, part) => sum + part.endMs - part.startMs, 0);
}
