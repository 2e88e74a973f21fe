/** What the server is asked about one attempt; each answer is kept before anybody relies on it. */

import { Problem } from "./api.js";
import { manifestOf, uploadEntry } from "./attempts.js";

/**
 * @typedef {import("./types.js").KeptAttempt} KeptAttempt
 * @typedef {import("./types.js").KeptUpload} KeptUpload
 * @typedef {import("./types.js").KeptPart} KeptPart
 * @typedef {import("./api.js").Api} Api
 * @typedef {import("./database.js").Database} Database
 */

/** @param {KeptUpload} upload */
const path = (upload) => `/v1/candidate/answers/${upload.answer}/attempts`;

/** The server's number and the first policies. @param {Api} api @param {Database} database @param {KeptUpload} upload @param {import("./api.js").Options} [options] */
export async function begin(api, database, upload, options) {
  const uploads = await api.post(path(upload), {}, options);
  await keep(database, upload, { attempt: uploads.attempt, uploads });
}

/** Fresh policies. @param {Api} api @param {Database} database @param {KeptUpload} upload */
export async function renew(api, database, upload) {
  const uploads = await api.post(`${path(upload)}/${upload.attempt}/uploads`, {});
  await keep(database, upload, { uploads });
}

/**
 * Hand in the manifest. Parts that the server misses are returned, to be sent again.
 * @param {Api} api @param {Database} database @param {KeptUpload} upload @param {KeptAttempt} attempt
 * @param {KeptPart[]} parts
 * @returns {Promise<{track: string, segment: number, part: number}[]>} empty when it is sealed
 */
export async function seal(api, database, upload, attempt, parts) {
  const manifest = manifestOf(attempt, parts);
  const all = manifest.tracks.length === attempt.tracks.length;
  const query = all ? "" : "?accept_gaps=true"; // a screen that was never shared
  try {
    const answer = await api.post(`${path(upload)}/${upload.attempt}/complete${query}`, manifest, {
      timeoutMs: 60_000,
    });
    await keep(database, upload, { state: "sealed", manifestSha256: answer.manifest_sha256 });
  } catch (error) {
    if (error instanceof Problem && error.code === "parts_missing") return error.fields.parts;
    throw error;
  }
  return [];
}

/**
 * Whether the server has the recording that our manifest describes; the receipt is kept when it has.
 * @param {Api} api @param {Database} database @param {KeptUpload} upload
 */
export async function isReceived(api, database, upload) {
  /** @type {import("./types.js").AttemptView} */
  const view = await api.get(`${path(upload)}/${upload.attempt}`);
  if (view.state !== "assembled" || view.receipt === null) return false;
  if (view.manifest_sha256 !== upload.manifestSha256)
    return refuse(database, upload, "manifest_differs");
  const tracks = Object.values(view.receipt.tracks);
  const unusable = tracks.find((track) => track.status === "refused");
  await keep(database, upload, { receipt: view.receipt });
  if (unusable) return refuse(database, upload, unusable.reason ?? "media_refused");
  await keep(database, upload, { state: "received" });
  return true;
}

/** The server will not take it: what was recorded stays in the browser. @param {Database} database @param {KeptUpload} upload @param {string} code */
export async function refuse(database, upload, code) {
  await keep(database, upload, { state: "refused", problem: code });
  return false;
}

/** @param {Database} database @param {KeptUpload} upload @param {Partial<KeptUpload>} change */
async function keep(database, upload, change) {
  Object.assign(upload, change);
  await database.write([uploadEntry(upload)]);
}
