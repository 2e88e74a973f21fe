/** Attempts, segments, parts and slices as they lie in this browser's database. */

/**
 * @typedef {import("./types.js").KeptAttempt} KeptAttempt
 * @typedef {import("./types.js").KeptUpload} KeptUpload
 * @typedef {import("./types.js").KeptPart} KeptPart
 * @typedef {import("./types.js").KeptSlice} KeptSlice
 * @typedef {import("./types.js").TrackName} TrackName
 * @typedef {import("./database.js").Database} Database
 * @typedef {import("./database.js").Entry} Entry
 */

/** Attempts sort by interview and by when they began. @param {KeptAttempt} attempt */
const attemptKey = (attempt) =>
  `${attempt.interview}/${String(attempt.startedAt).padStart(15, "0")}/${attempt.id}`;

/** @param {{attempt: string, track: TrackName, segment: number, part: number}} part */
const partKey = ({ attempt, track, segment, part }) =>
  `${attempt}/${track}/${padded(segment)}/${padded(part)}`;

/** @param {KeptSlice} slice */
const sliceKey = (slice) => `${partKey(slice)}/${padded(slice.slice)}`;

/** @param {number} value */
const padded = (value) => String(value).padStart(6, "0");

/** @param {KeptAttempt} attempt @returns {Entry} */
export const attemptEntry = (attempt) => [
  "attempts",
  attemptKey(attempt),
  structuredClone(attempt),
];

/** @param {KeptUpload} upload @returns {Entry} */
export const uploadEntry = (upload) => [
  "uploads",
  `${upload.interview}/${upload.id}`,
  { ...upload },
];

/** @param {Database} database @param {KeptAttempt} attempt @returns {Promise<KeptUpload>} */
export const uploadOf = async (database, { interview, id, answer }) =>
  (await database.get("uploads", `${interview}/${id}`)) ?? {
    id,
    interview,
    answer,
    attempt: null,
    uploads: null,
    state: "open",
    manifestSha256: null,
    receipt: null,
    problem: null,
  };

/** @param {KeptPart} part @returns {Entry} */
export const partEntry = (part) => ["parts", partKey(part), { ...part }];

/** @param {KeptSlice} slice @returns {Entry} */
export const sliceEntry = (slice) => ["slices", sliceKey(slice), slice];

/** Every kept attempt of one interview, oldest first. @param {Database} database @param {string} interview @returns {Promise<KeptAttempt[]>} */
export const attemptsOf = (database, interview) => database.list("attempts", `${interview}/`);

/** Tracks and segments in order. @param {Database} database @param {string} attempt @returns {Promise<KeptPart[]>} */
export const partsOf = (database, attempt) => database.list("parts", `${attempt}/`);

/** A part's bytes; shorter than its size where the browser has lost some. @param {Database} database @param {KeptPart} part */
export async function bytesOf(database, part) {
  /** @type {KeptSlice[]} */
  const slices = await database.list("slices", `${partKey(part)}/`);
  return new Blob(slices.map((slice) => slice.bytes));
}

/** Forget what was recorded, keep that it was. @param {Database} database @param {string} attempt */
export async function forgetMedia(database, attempt) {
  await database.removeAll("slices", `${attempt}/`);
  await database.removeAll("parts", `${attempt}/`);
}

/**
 * What the server is told was recorded, in the shape of the manifest's contract.
 * @param {KeptAttempt} attempt
 * @param {KeptPart[]} parts all closed, uploaded ones with their digest
 */
export function manifestOf(attempt, parts) {
  const tracks = attempt.tracks.flatMap((track) => {
    const segments = attempt.segments
      .filter((segment) => segment.track === track)
      .map((segment) => ({
        segment: segment.segment,
        mime_type: segment.mimeType,
        began: segment.began,
        unsaved_ms: segment.whole ? 0 : (segment.unsavedMs ?? UNSAVED_MS),
        parts: parts
          .filter((part) => part.track === track && part.segment === segment.segment)
          .map((part) => ({
            part: part.part,
            size: part.size,
            sha256: part.sha256,
            start_ms: part.startMs,
            end_ms: part.endMs,
          })),
      }))
      .filter((segment) => segment.parts.length > 0);
    return segments.length > 0 ? [{ track, segments }] : [];
  });
  return { tracks, markers: attempt.markers };
}

/** Milliseconds between two slices of a recorder. */
export const SLICE_MS = 250;

/**
 * The most that a crash can take: the slice that was being recorded, and the one that was on its way to the disk
 * (a durable write takes 13 ms, its worst 200).
 */
const UNSAVED_MS = 2 * SLICE_MS;
