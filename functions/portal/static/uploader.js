/**
 * Brings what was recorded to the server: parts, then the manifest, then the receipt. Only with the receipt in hand
 * is anything deleted. One page per browser does it at a time; it never gives up, it only waits.
 */

import { Problem } from "./api.js";
import { attemptsOf, forgetMedia, partEntry, partsOf, uploadOf } from "./attempts.js";
import { Held } from "./lock.js";
import { PartSender } from "./part_sender.js";
import { Patience } from "./patience.js";
import { begin, isReceived, refuse, renew, seal } from "./server_attempts.js";

/**
 * @typedef {import("./types.js").KeptAttempt} KeptAttempt
 * @typedef {import("./types.js").KeptUpload} KeptUpload
 * @typedef {import("./types.js").KeptPart} KeptPart
 *
 * @typedef {object} Status
 * @property {"idle" | "sending" | "offline" | "waiting" | "signed_out" | "elsewhere"} state
 * @property {number} pendingParts
 * @property {number} pendingBytes
 * @property {number | null} waitingSince  milliseconds since the epoch: nothing has got through since, while parts wait
 * @property {string | null} problem  the code of the last refusal
 */

const IN_FLIGHT = 3;
/** Without news this long the database is looked at again. */
const LOOK_MS = 5000;
/** Between two questions for a receipt. */
const RECEIPT_MS = 1500;
/** Seals tried with parts that the server says it misses; then it is sealed with the gaps named. */
const LEFT_EARLY_MS = 60_000;

/** Events: "change" (detail: the status), "received" and "refused" (detail {answer, attempt, receipt, problem}). */
export class Uploader extends EventTarget {
  #api;
  #database;
  #interview;
  #clock;
  #sender;
  #lock;
  #patience = new Patience();
  #stopped = new AbortController();
  /** @type {Status} */
  #status = {
    state: "elsewhere",
    pendingParts: 0,
    pendingBytes: 0,
    waitingSince: null,
    problem: null,
  };
  /** @type {Set<() => void>} */
  #waiting = new Set();
  #news = false;

  /** @param {{api: import("./api.js").Api, database: import("./database.js").Database, clock: import("./clock.js").ServerClock, interviewId: string}} given */
  constructor({ api, database, clock, interviewId }) {
    super();
    this.#api = api;
    this.#database = database;
    this.#clock = clock;
    this.#interview = interviewId;
    this.#sender = new PartSender(database);
    this.#lock = new Held(`greenroom-uploader/${interviewId}`);
    for (const event of ["online", "offline"]) addEventListener(event, () => this.#wake());
    database.addEventListener("change", () => this.#wake());
  }

  get status() {
    return { ...this.#status };
  }

  /** Run until the page goes; waits while another page does it. */
  start() {
    void this.#run().catch((error) => {
      if (!this.#stopped.signal.aborted) throw error;
    });
  }

  stop() {
    this.#stopped.abort();
    this.#lock.release();
    this.#wake();
  }

  /** Resolves when the server has sealed every attempt that was finished in this browser, by this page or another. */
  async settled() {
    while ((await this.#work()).some(({ upload }) => upload.state === "open"))
      await this.#waitForNews(LOOK_MS);
  }

  async #run() {
    await this.#lock.wait(this.#stopped.signal);
    while (!this.#stopped.signal.aborted) {
      this.#news = false;
      const again = await this.#round();
      if (!again && !this.#news) await this.#waitForNews(LOOK_MS);
    }
  }

  /** One look at everything; whether there is more to do at once. One attempt's refusal holds up no other. */
  async #round() {
    let again = false;
    for (const { attempt, upload } of await this.#work()) {
      try {
        if (upload.state === "open") again = (await this.#send(attempt, upload)) || again;
        if (upload.state === "sealed") again = (await this.#receipt(upload)) || again;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        await this.#refused(upload, error);
      }
    }
    await this.#count();
    return again;
  }

  /** @returns {Promise<{attempt: KeptAttempt, upload: KeptUpload}[]>} */
  async #work() {
    const attempts = await attemptsOf(this.#database, this.#interview);
    const all = attempts.map(async (attempt) => ({
      attempt,
      upload: await uploadOf(this.#database, attempt),
    }));
    return (await Promise.all(all)).filter(({ upload }) =>
      ["open", "sealed"].includes(upload.state),
    );
  }

  /** Send what is closed; seal when that is everything. @param {KeptAttempt} attempt @param {KeptUpload} upload @returns {Promise<boolean>} whether something was done */
  async #send(attempt, upload) {
    const parts = await partsOf(this.#database, attempt.id);
    const waiting = parts.filter((part) => part.closed && !part.uploaded);
    if (waiting.length === 0 && attempt.state !== "finished") return false;
    if (attempt.state === "finished" && parts.length === 0) {
      await refuse(this.#database, upload, "nothing_recorded");
      return true;
    }
    if (upload.attempt === null) await begin(this.#api, this.#database, upload);
    if (this.#expires(upload)) await renew(this.#api, this.#database, upload);
    await this.#sendParts(attempt, upload, waiting);
    if (attempt.state !== "finished") return true;
    const left = (await partsOf(this.#database, attempt.id)).filter((part) => !part.uploaded);
    if (left.length === 0) await this.#seal(attempt, upload);
    return true;
  }

  /** @param {KeptAttempt} attempt @param {KeptUpload} upload @param {KeptPart[]} waiting */
  async #sendParts(attempt, upload, waiting) {
    const queue = [...waiting];
    const lane = async () => {
      for (let part = queue.shift(); part; part = queue.shift())
        await this.#sendPart(attempt, upload, part);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  }

  /** Until it is stored. @param {KeptAttempt} attempt @param {KeptUpload} upload @param {KeptPart} part */
  async #sendPart(attempt, upload, part) {
    const segment = attempt.segments.find(
      (one) => one.track === part.track && one.segment === part.segment,
    );
    for (;;) {
      const policy = upload.uploads?.uploads[part.track];
      if (!policy || !segment) return this.#drop(part);
      if (!navigator.onLine) this.#tell("offline");
      const outcome = await this.#sender.send(part, policy, segment.mimeType, this.#stopped.signal);
      this.#stopped.signal.throwIfAborted();
      if (outcome === "gone") return this.#drop(part);
      if (outcome === "stored") {
        this.#patience.reset();
        this.#status.waitingSince = null;
        await this.#count();
        return;
      }
      await this.#count();
      this.#status.waitingSince ??= this.#clock.now();
      this.#tell(navigator.onLine ? "waiting" : "offline");
      await this.#patience.wait(this.#stopped.signal);
      // A policy that has run out, or was signed by a clock or key that has changed: ask for a new one.
      if (outcome === "expired" && upload.uploads?.uploads[part.track] === policy)
        await renew(this.#api, this.#database, upload);
    }
  }

  /** The browser lost these bytes: the manifest will not name them, and the server will name the gap. @param {KeptPart} part */
  async #drop(part) {
    const [store, key] = partEntry(part);
    await this.#database.removeAll(store, key);
  }

  /** @param {KeptAttempt} attempt @param {KeptUpload} upload */
  async #seal(attempt, upload) {
    const parts = await partsOf(this.#database, attempt.id);
    const missed = await seal(this.#api, this.#database, upload, attempt, parts);
    for (const part of parts)
      if (
        missed.some(
          (one) =>
            one.track === part.track && one.segment === part.segment && one.part === part.part,
        )
      )
        await this.#database.write([partEntry({ ...part, uploaded: 0 })]);
    if (missed.length > 0) await this.#patience.wait(this.#stopped.signal);
  }

  /** @param {KeptUpload} upload @returns {Promise<boolean>} */
  async #receipt(upload) {
    if (!(await isReceived(this.#api, this.#database, upload))) {
      if (upload.state === "refused") this.#announce("refused", upload);
      else setTimeout(() => this.#wake(), RECEIPT_MS);
      return false;
    }
    await forgetMedia(this.#database, upload.id);
    this.#announce("received", upload);
    this.#database.changed();
    return true;
  }

  /** @param {KeptUpload} upload */
  #expires(upload) {
    const times = Object.values(upload.uploads?.uploads ?? {}).map((one) => one.expires_at);
    return times.some((time) => this.#clock.until(time) < LEFT_EARLY_MS);
  }

  /** The server said no. @param {KeptUpload} upload @param {Problem} problem */
  async #refused(upload, problem) {
    this.#status.problem = problem.code;
    if (FINAL.has(problem.code)) {
      await refuse(this.#database, upload, problem.code);
      this.#announce("refused", upload);
      return;
    }
    if (problem.status === 401) this.#tell("signed_out");
    await this.#patience.wait(this.#stopped.signal);
  }

  async #count() {
    const parts = await Promise.all(
      (await this.#work()).map(({ attempt }) => partsOf(this.#database, attempt.id)),
    );
    const waiting = parts.flat().filter((part) => part.closed && !part.uploaded);
    this.#status.pendingParts = waiting.length;
    this.#status.pendingBytes = waiting.reduce((sum, part) => sum + part.size, 0);
    if (waiting.length === 0) this.#status.waitingSince = null;
    if (this.#status.state !== "signed_out" || waiting.length === 0)
      this.#tell(waiting.length > 0 ? "sending" : "idle");
  }

  /** @param {Status["state"]} state */
  #tell(state) {
    this.#status.state = state;
    this.dispatchEvent(new CustomEvent("change", { detail: this.status }));
  }

  /** @param {"received" | "refused"} name @param {KeptUpload} upload */
  #announce(name, upload) {
    const { answer, attempt, receipt, problem } = upload;
    this.dispatchEvent(new CustomEvent(name, { detail: { answer, attempt, receipt, problem } }));
  }

  #wake() {
    this.#news = true;
    for (const done of this.#waiting) done();
  }

  /** Until something changed, or for so long. @param {number} ms @returns {Promise<void>} */
  #waitForNews(ms) {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
    });
  }
}

/** Refusals of an attempt that no later try can change. */
const FINAL = new Set([
  "attempt_sealed",
  "attempt_too_large",
  "deadline_passed",
  "interview_not_open",
  "consent_missing",
  "invalid_document",
  "manifest_differs",
  "no_takes_left",
  "not_asked_again",
  "too_many_attempts",
  "too_many_parts",
  "unknown_answer",
  "unknown_attempt",
]);
