/** Records one answer at a time: all tracks on one clock, through reloads, crashes and lost devices. */

import { Unreachable } from "./api.js";
import { attemptEntry, partsOf, uploadOf } from "./attempts.js";
import { close, isLive } from "./capture.js";
import { steadyNow } from "./clock.js";
import { formatFor } from "./formats.js";
import { Held } from "./lock.js";
import { closeParts, cutOff, goOnAfter, recordedMs, rememberLeaving, wasLeft } from "./recovery.js";
import { begin } from "./server_attempts.js";
import { TrackRecorder } from "./track_recorder.js";

/**
 * @typedef {import("./types.js").TrackName} TrackName
 * @typedef {import("./types.js").AnswerView} AnswerView
 * @typedef {import("./types.js").KeptAttempt} KeptAttempt
 * @typedef {import("./types.js").Began} Began
 * @typedef {Partial<Record<TrackName, MediaStream>>} Streams
 * @typedef {import("./types.js").Phase} Phase
 * @typedef {import("./types.js").Snapshot} Snapshot
 */

/** The server may take so long to number an attempt; recording starts without it then. */
const NUMBER_WITHIN_MS = 4000;
/** Still here so long after "beforeunload": the candidate stayed. */
const STAYED_MS = 1500;
/** A recorder that does not stop within this time is given up. */
const STOP_WITHIN_MS = 3000;

export class RecorderProblem extends Error {
  /** @param {"recording_elsewhere" | "cannot_record"} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** Events: "change", "finished" (detail {answer, byLimit}), "lost-track" (detail {track, why}). */
export class Recorder extends EventTarget {
  #api;
  #database;
  #interview;
  #lock;
  /** @type {Phase} */
  #phase = "idle";
  /** @type {KeptAttempt | null} */
  #attempt = null;
  /** @type {Streams} */
  #streams = {};
  /** @type {Map<TrackName, TrackRecorder>} */
  #running = new Map();
  #recordedMs = 0;
  #limits = { minMs: 0, maxMs: Number.POSITIVE_INFINITY };
  /** @type {Map<string, Promise<any>>} */
  #flights = new Map();
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticking;

  /** @param {{api: import("./api.js").Api, database: import("./database.js").Database, interviewId: string}} given */
  constructor({ api, database, interviewId }) {
    super();
    this.#api = api;
    this.#database = database;
    this.#interview = interviewId;
    this.#lock = new Held(`greenroom-recorder/${interviewId}`);
    database.addEventListener("problem", () => this.#tell());
    addEventListener("beforeunload", (event) => this.#leaving(event));
    addEventListener("pagehide", () => this.#flush());
    document.addEventListener("visibilitychange", () => document.hidden && this.#flush());
  }

  /** @returns {Snapshot} */
  get snapshot() {
    const elapsedMs = this.#elapsedMs;
    return {
      phase: this.#phase,
      answer: this.#attempt?.answer ?? null,
      attempt: this.#attempt?.id ?? null,
      elapsedMs,
      ...this.#limits,
      canFinish:
        ["recording", "interrupted"].includes(this.#phase) && elapsedMs >= this.#limits.minMs,
      missing: (this.#attempt?.tracks ?? []).filter((track) => !this.#streams[track]),
      problem: this.#database.problem,
    };
  }

  /** The attempt that was cut off in this browser, unless another tab goes on with it. */
  async unfinished() {
    const attempt = await cutOff(this.#database, this.#interview);
    if (!attempt || (this.#phase !== "idle" && this.#phase !== "finished")) return null;
    if (await this.#lock.isTaken()) return null;
    const elapsedMs = recordedMs(await partsOf(this.#database, attempt.id));
    return { answer: attempt.answer, attempt: attempt.id, elapsedMs, tracks: attempt.tracks };
  }

  /**
   * Begin an attempt. The server is asked first; where it cannot be reached, recording does not wait for it.
   * Throws `RecorderProblem`, and the server's `Problem` where it refuses the attempt.
   * @param {AnswerView} question @param {Streams} streams
   */
  start(question, streams) {
    return this.#single("start", async () => {
      if (this.#phase === "recording" || this.#phase === "interrupted") return;
      if (question.tracks.some((track) => !formatFor(track)))
        throw new RecorderProblem("cannot_record");
      await this.#take();
      try {
        this.#to("starting");
        const attempt = this.#newAttempt(question);
        const upload = await uploadOf(this.#database, attempt);
        const once = { retry: false, timeoutMs: NUMBER_WITHIN_MS };
        await begin(this.#api, this.#database, upload, once).catch((error) => {
          if (!(error instanceof Unreachable)) throw error;
        });
        attempt.startedAt = steadyNow();
        this.#recordedMs = 0;
        await this.#open(attempt, question, streams, "start");
      } catch (error) {
        this.#lock.release();
        this.#to("idle");
        throw error;
      }
    });
  }

  /** Go on with the attempt that was cut off, in new segments. @param {AnswerView} question @param {Streams} streams */
  resume(question, streams) {
    return this.#single("start", async () => {
      if (this.#phase === "recording" || this.#phase === "interrupted") return;
      await this.#take();
      const attempt = await cutOff(this.#database, this.#interview);
      if (!attempt) {
        this.#lock.release();
        return;
      }
      this.#to("starting");
      const left = wasLeft(attempt);
      await closeParts(this.#database, attempt);
      const parts = await partsOf(this.#database, attempt.id);
      this.#recordedMs = recordedMs(parts);
      goOnAfter(attempt, Math.max(0, ...parts.map((part) => part.endMs)));
      await this.#open(attempt, question, streams, left ? "reload" : "crash");
    });
  }

  /** Hand in the attempt that was cut off as it is. */
  async finishUnfinished() {
    const attempt = await cutOff(this.#database, this.#interview);
    if (!attempt || (await this.#lock.isTaken())) return;
    attempt.state = "finished";
    await closeParts(this.#database, attempt);
  }

  /** A new stream for a track that was lost. @param {TrackName} track @param {MediaStream} stream */
  replace(track, stream) {
    return this.#single(`replace ${track}`, async () => {
      if (!this.#attempt || !["recording", "interrupted"].includes(this.#phase))
        return close(stream);
      this.#hear(track, stream);
      if (this.#phase === "recording") await this.#record(track, whyLost(track));
      else if (this.#streams.camera) {
        await Promise.all(this.#present().map((name) => this.#record(name, whyLost("camera"))));
        this.#to("recording");
      }
      this.#tell();
    });
  }

  /** @param {string} [note] @returns {Promise<number | null>} where it was set, in milliseconds of the attempt's clock */
  async mark(note = "") {
    if (!this.#attempt || this.#phase !== "recording" || this.#attempt.markers.length >= 200)
      return null;
    const at_ms = Math.round(this.#now());
    this.#attempt.markers.push({ at_ms, note: note.slice(0, 500) });
    await this.#database.write([attemptEntry(this.#attempt)]);
    return at_ms;
  }

  /** @param {{minMs: number, maxMs: number}} limits */
  setLimits({ minMs, maxMs }) {
    this.#limits = { minMs, maxMs };
    this.#tell();
  }

  /** End the answer; false while it is shorter than its minimum. @returns {Promise<boolean>} */
  finish() {
    return this.#single("finish", async () => {
      await this.#flights.get("start");
      if (!this.snapshot.canFinish) return false;
      await this.#finish(false);
      return true;
    });
  }

  /** The camera's picture in fewer lines, in a segment of its own, where the computer cannot keep up. @param {number} height */
  lower(height) {
    return this.#single("lower", async () => {
      const [picture] = this.#streams.camera?.getVideoTracks() ?? [];
      if (this.#phase !== "recording" || !picture || (picture.getSettings().height ?? 0) <= height)
        return;
      await this.#stop("camera");
      // "none": a size that the camera itself has. Chromium shows a picture that it made smaller, but records the large one.
      const width = Math.round((height * 16) / 9);
      const size = { height, width, resizeMode: "none" };
      await picture.applyConstraints(size).catch(() => {});
      await this.#record("camera", "stalled");
    });
  }

  /** @param {AnswerView} question @returns {KeptAttempt} */
  #newAttempt(question) {
    return {
      id: crypto.randomUUID(),
      interview: this.#interview,
      answer: question.answer,
      tracks: question.tracks,
      startedAt: steadyNow(),
      state: "recording",
      segments: [],
      markers: [],
    };
  }

  /** @param {KeptAttempt} attempt @param {AnswerView} question @param {Streams} streams @param {Began} began */
  async #open(attempt, question, streams, began) {
    this.#attempt = attempt;
    this.#streams = {};
    this.#limits = { minMs: question.min_s * 1000, maxMs: question.max_s * 1000 };
    for (const track of attempt.tracks) {
      const stream = streams[track];
      if (stream && isLive(stream)) this.#hear(track, stream);
    }
    await this.#database.write([attemptEntry(attempt)]);
    if (this.#streams.camera)
      await Promise.all(this.#present().map((track) => this.#record(track, began)));
    this.#to(this.#streams.camera ? "recording" : "interrupted");
    clearInterval(this.#ticking);
    this.#ticking = setInterval(() => this.#tick(), 250);
  }

  /** Notice when a stream ends. @param {TrackName} track @param {MediaStream} stream */
  #hear(track, stream) {
    this.#streams[track] = stream;
    for (const source of stream.getTracks())
      source.addEventListener("ended", () => {
        if (this.#streams[track] === stream) void this.#lost(track);
      });
  }

  /** One more segment of a track. @param {TrackName} track @param {Began} began */
  async #record(track, began) {
    const attempt = this.#attempt;
    const stream = this.#streams[track];
    if (!attempt || !stream || this.#running.has(track)) return;
    const earlier = attempt.segments.filter((segment) => segment.track === track);
    const format = formatFor(track, earlier.at(-1)?.format);
    if (!format) throw new RecorderProblem("cannot_record");
    const segment = {
      track,
      segment: earlier.length,
      mimeType: format.mimeType ?? "",
      format: format.mimeType ?? "",
      began,
      startMs: Math.round(this.#now()),
      whole: false,
    };
    attempt.segments.push(segment);
    const recorder = new TrackRecorder({
      database: this.#database,
      attempt,
      segment,
      stream,
      format,
      now: () => this.#now(),
    });
    this.#running.set(track, recorder);
    recorder.addEventListener("slice", () => track === "camera" && this.#tick());
    for (const failure of ["stalled", "broken"])
      recorder.addEventListener(failure, () => void this.#restart(track, recorder));
    await recorder.start();
    await this.#database.write([attemptEntry(attempt)]);
  }

  /** End a track's segment. @param {TrackName} track */
  async #stop(track) {
    const recorder = this.#running.get(track);
    if (!recorder) return;
    this.#running.delete(track);
    const stopped = recorder.stop();
    await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, STOP_WITHIN_MS))]);
    if (track === "camera") this.#recordedMs += recorder.endMs - recorder.startMs;
    // A segment that gave nothing never was: its number is free again.
    const attempt = this.#attempt;
    if (attempt && recorder.isEmpty)
      attempt.segments = attempt.segments.filter((segment) => segment !== recorder.segment);
  }

  async #stopAll() {
    await Promise.all([...this.#running.keys()].map((track) => this.#stop(track)));
  }

  /** @param {TrackName} track @param {TrackRecorder} recorder */
  async #restart(track, recorder) {
    if (this.#phase !== "recording" || this.#running.get(track) !== recorder) return;
    await this.#stop(track);
    if (this.#phase === "recording") await this.#record(track, "stalled");
  }

  /** Without the camera nothing is recorded; without the screen the answer goes on. @param {TrackName} track */
  async #lost(track) {
    if (this.#phase !== "recording" && this.#phase !== "interrupted") return;
    close(this.#streams[track]);
    delete this.#streams[track];
    if (track === "camera") {
      this.#to("interrupted");
      await this.#stopAll();
    } else await this.#stop(track);
    const detail = { track, why: whyLost(track) };
    this.dispatchEvent(new CustomEvent("lost-track", { detail }));
    this.#tell();
  }

  /** @param {boolean} byLimit */
  async #finish(byLimit) {
    const attempt = this.#attempt;
    if (!attempt) return;
    this.#to("finishing");
    clearInterval(this.#ticking);
    await this.#stopAll();
    attempt.state = "finished";
    await closeParts(this.#database, attempt);
    this.#lock.release();
    this.#to("finished");
    const detail = { answer: attempt.answer, byLimit };
    this.dispatchEvent(new CustomEvent("finished", { detail }));
  }

  #tick() {
    this.#tell();
    if (this.#phase === "recording" && this.#elapsedMs >= this.#limits.maxMs)
      void this.#single("finish", () => this.#finish(true));
  }

  /** The page may go: everything so far is made durable, and nothing is recorded that could not be. @param {BeforeUnloadEvent} event */
  #leaving(event) {
    if (this.#phase !== "recording") return;
    event.preventDefault();
    if (this.#attempt) rememberLeaving(this.#attempt, this.#now());
    const leaving = this.#single("leave", () => this.#stopAll());
    setTimeout(async () => {
      await leaving;
      if (this.#phase === "recording")
        await Promise.all(this.#present().map((track) => this.#record(track, "resumed")));
    }, STAYED_MS);
  }

  /** Resolves when what is ended because the page goes is on disk. */
  async durable() {
    await this.#flights.get("leave");
  }

  #flush() {
    for (const recorder of this.#running.values()) recorder.flush();
  }

  async #take() {
    if (!(await this.#lock.take())) throw new RecorderProblem("recording_elsewhere");
  }

  /** Calls that run at the same time under one name are one. @template T @param {string} name @param {() => Promise<T>} work @returns {Promise<T>} */
  #single(name, work) {
    const running = this.#flights.get(name);
    if (running) return running;
    const flight = work().finally(() => this.#flights.delete(name));
    this.#flights.set(name, flight);
    return flight;
  }

  #now() {
    return this.#attempt ? steadyNow() - this.#attempt.startedAt : 0;
  }

  get #elapsedMs() {
    const camera = this.#running.get("camera");
    return this.#recordedMs + (camera ? Math.max(0, this.#now() - camera.startMs) : 0);
  }

  /** @returns {TrackName[]} */
  #present() {
    return (this.#attempt?.tracks ?? []).filter((track) => this.#streams[track]);
  }

  /** @param {Phase} phase */
  #to(phase) {
    this.#phase = phase;
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new CustomEvent("change", { detail: this.snapshot }));
  }
}

/** @param {TrackName} track @returns {Began} */
const whyLost = (track) => (track === "camera" ? "device_lost" : "share_stopped");
