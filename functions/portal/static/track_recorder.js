/** One start of a MediaRecorder for one track: every slice is durable before the next thing happens to it. */

import { attemptEntry, partEntry, SLICE_MS, sliceEntry } from "./attempts.js";

/**
 * @typedef {import("./types.js").KeptAttempt} KeptAttempt
 * @typedef {import("./types.js").KeptSegment} KeptSegment
 * @typedef {import("./types.js").KeptPart} KeptPart
 */

/** A part is closed at the first slice that makes it this long, or this large. */
const PART_MS = 2000;
const PART_BYTES = 4 * 2 ** 20;
/** A recorder that gives nothing for so long is asked for what it has; after as long again it has stalled. */
const SILENT_MS = 3000;

/** Events: "slice" after each durable slice, "stalled" when the recorder gives nothing any more, "broken" on its error. */
export class TrackRecorder extends EventTarget {
  #database;
  #recorder;
  #segment;
  #attempt;
  #now;
  /** @type {KeptPart | null} */
  #part = null;
  #slice = 0;
  #endMs;
  /** @type {Promise<void>} */
  #written = Promise.resolve();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #watchdog;

  /**
   * @param {object} given
   * @param {import("./database.js").Database} given.database
   * @param {KeptAttempt} given.attempt shared with the attempt's other track
   * @param {KeptSegment} given.segment already among the attempt's segments
   * @param {MediaStream} given.stream
   * @param {MediaRecorderOptions} given.format
   * @param {() => number} given.now the attempt's clock
   */
  constructor({ database, attempt, segment, stream, format, now }) {
    super();
    this.#database = database;
    this.#attempt = attempt;
    this.#segment = segment;
    this.#now = now;
    this.#endMs = segment.startMs;
    this.#recorder = new MediaRecorder(stream, format);
    this.#recorder.ondataavailable = ({ data }) => this.#keep(data, this.#now());
    this.#recorder.onerror = () => this.dispatchEvent(new Event("broken"));
  }

  /** Whether not a single slice came. */
  get isEmpty() {
    return this.#slice === 0;
  }

  get segment() {
    return this.#segment;
  }

  /** Where this segment begins, on the attempt's clock. */
  get startMs() {
    return this.#segment.startMs;
  }

  /** Where this track's last durable slice ends, on the attempt's clock. */
  get endMs() {
    return this.#endMs;
  }

  /** Resolves when the recorder runs; the segment begins then. */
  async start() {
    const running = new Promise((resolve, reject) => {
      this.#recorder.addEventListener("start", resolve, { once: true });
      this.#recorder.addEventListener("error", reject, { once: true });
    });
    this.#recorder.start(SLICE_MS);
    this.#segment.mimeType = this.#recorder.mimeType || this.#segment.mimeType;
    this.#watch();
    await running;
    if (this.#slice === 0) this.#endMs = this.#segment.startMs = Math.round(this.#now());
  }

  /** Ask for what the recorder holds, without ending it. */
  flush() {
    if (this.#recorder.state === "recording") this.#recorder.requestData();
  }

  /** End the segment; resolves when everything that was recorded is durable. */
  async stop() {
    clearTimeout(this.#watchdog);
    if (this.#recorder.state !== "inactive") {
      const stopped = new Promise((resolve) =>
        this.#recorder.addEventListener("stop", resolve, { once: true }),
      );
      this.#recorder.stop();
      await stopped;
    }
    // The last slice was handed over before "stop"; its write is the last of the chain.
    await this.#written;
    this.#written = this.#written.then(() => this.#end());
    await this.#written;
  }

  /** @param {Blob} data @param {number} atMs */
  #keep(data, atMs) {
    this.#watch();
    if (data.size === 0) return;
    this.#written = this.#written.then(async () => this.#write(await data.arrayBuffer(), atMs));
  }

  /** @param {ArrayBuffer} bytes @param {number} atMs */
  async #write(bytes, atMs) {
    const { track, segment } = this.#segment;
    this.#part ??= {
      attempt: this.#attempt.id,
      track,
      segment,
      part: this.#nextPart(),
      size: 0,
      startMs: this.#endMs,
      endMs: this.#endMs,
      closed: 0,
      uploaded: 0,
      sha256: null,
    };
    const part = this.#part;
    const slice = { attempt: part.attempt, track, segment, part: part.part, slice: this.#slice++ };
    part.size += bytes.byteLength;
    part.endMs = Math.max(Math.round(atMs), part.endMs);
    part.closed = part.endMs - part.startMs >= PART_MS || part.size >= PART_BYTES ? 1 : 0;
    await this.#database.write([sliceEntry({ ...slice, bytes }), partEntry(part)]);
    this.#endMs = part.endMs;
    if (part.closed) {
      this.#part = null;
      this.#database.changed();
    }
    this.dispatchEvent(new Event("slice"));
  }

  #parts = 0;
  #nextPart() {
    return this.#parts++;
  }

  /** Nothing more comes: the last part is closed and the segment known to be whole. */
  async #end() {
    this.#segment.whole = true;
    const entries = [attemptEntry(this.#attempt)];
    if (this.#part) entries.push(partEntry({ ...this.#part, closed: 1 }));
    this.#part = null;
    await this.#database.write(entries);
    this.#database.changed();
  }

  #watch() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#ask(), SILENT_MS);
  }

  /** A slow encoder has not stalled yet: beginning anew would only make it slower. */
  #ask() {
    this.flush();
    this.#watchdog = setTimeout(() => this.dispatchEvent(new Event("stalled")), SILENT_MS);
  }
}
