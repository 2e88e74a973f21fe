/** Sends one part by its presigned form; the bytes and the key are the same at every try. */

import { bytesOf, partEntry } from "./attempts.js";

/**
 * @typedef {import("./types.js").KeptPart} KeptPart
 * @typedef {import("./types.js").Upload} Upload
 * @typedef {"stored" | "expired" | "failed" | "gone"} Outcome  "gone": this browser no longer has the bytes
 */

/** A part gets this long, and longer where the line has been slow: a stall must not be mistaken for slowness, nor the reverse. */
const LEAST_MS = 15_000;
const MOST_MS = 120_000;

export class PartSender {
  #database;
  /** Milliseconds per byte, a moving average of what got through. */
  #msPerByte = 0;

  /** @param {import("./database.js").Database} database */
  constructor(database) {
    this.#database = database;
  }

  /** @param {KeptPart} part @param {Upload} upload @param {string} mimeType @param {AbortSignal} signal @returns {Promise<Outcome>} */
  async send(part, upload, mimeType, signal) {
    const blob = await bytesOf(this.#database, part);
    if (blob.size === 0 || blob.size !== part.size) return "gone";
    const bytes = await blob.arrayBuffer();
    const sha256 = hex(await crypto.subtle.digest("SHA-256", bytes));
    const started = performance.now();
    const limit = Math.min(MOST_MS, LEAST_MS + 3 * this.#msPerByte * part.size);
    try {
      const answer = await fetch(upload.url, {
        method: "POST",
        body: form(part, upload, mimeType, bytes),
        signal: AbortSignal.any([signal, AbortSignal.timeout(limit)]),
        credentials: "omit",
        referrerPolicy: "no-referrer",
      });
      if (answer.status === 403) return "expired";
      if (!answer.ok) return "failed";
    } catch {
      return "failed";
    }
    const took = (performance.now() - started) / part.size;
    this.#msPerByte = this.#msPerByte ? 0.7 * this.#msPerByte + 0.3 * took : took;
    await this.#database.write([partEntry(Object.assign(part, { uploaded: 1, sha256 }))]);
    return "stored";
  }
}

/** @param {KeptPart} part @param {Upload} upload @param {string} mimeType @param {ArrayBuffer} bytes */
function form(part, upload, mimeType, bytes) {
  const data = new FormData();
  for (const [name, value] of Object.entries(upload.fields)) data.append(name, value);
  const number = `${String(part.segment).padStart(4, "0")}/${String(part.part).padStart(6, "0")}`;
  data.append("key", upload.key_prefix + number);
  // Only the type itself: codecs are in the manifest.
  data.append("Content-Type", mimeType.split(";", 1)[0] ?? mimeType);
  data.append("file", new Blob([bytes]));
  return data;
}

/** @param {ArrayBuffer} digest */
function hex(digest) {
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
