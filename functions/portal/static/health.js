/** Live health: how the recording goes, every few seconds, kept until it is told and while there is no network. */

import { Problem, Unreachable } from "./api.js";
import { steadyNow } from "./clock.js";
import { ReportPace } from "./report_pace.js";

const SAMPLE_MS = 5000;
const MOST = 200;

/** Event "reply": the server's state, deadline and time factor are new. */
export class Health extends EventTarget {
  #api;
  #database;
  #clock;
  #recorder;
  #uploader;
  #pace = new ReportPace();
  #sending = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  /** @type {import("./meters.js").PictureMeter | null} */
  picture = null;
  /** @type {import("./meters.js").SoundMeter | null} */
  sound = null;
  /** @type {{width: number, height: number} | null} */
  screen = null;
  timeFactor = 1;
  /** What the page does where the recorder does nothing. @type {"thinking" | "done" | null} */
  phase = null;

  /** @param {{api: import("./api.js").Api, database: import("./database.js").Database, clock: import("./clock.js").ServerClock, recorder: import("./recorder.js").Recorder, uploader: import("./uploader.js").Uploader}} given */
  constructor({ api, database, clock, recorder, uploader }) {
    super();
    this.#api = api;
    this.#database = database;
    this.#clock = clock;
    this.#recorder = recorder;
    this.#uploader = uploader;
  }

  start() {
    this.#timer = setInterval(() => void this.#sample(), SAMPLE_MS);
    addEventListener("online", () => void this.#send());
    // Who looks away may not come back, and a phone lets no hidden page run for long.
    document.addEventListener("visibilitychange", () => void this.#send());
    void this.#sample();
  }

  /** The last word: nobody is to be missed from now on. */
  async finish() {
    clearInterval(this.#timer);
    this.phase = "done";
    await this.#sample();
  }

  async #sample() {
    const { phase, answer } = this.#recorder.snapshot;
    const status = this.#uploader.status;
    const waiting =
      status.waitingSince === null ? 0 : (this.#clock.now() - status.waitingSince) / 1000;
    const sample = {
      at: new Date(this.#clock.now()).toISOString(),
      phase: this.phase ?? PHASES[phase],
      answer,
      attempt: null,
      fps: this.picture?.fps ?? null,
      snr_db: this.sound?.snrDb ?? null,
      level_dbfs: this.sound?.levelDbfs ?? null,
      camera: this.picture?.state ?? null,
      screen_width: this.screen?.width ?? null,
      screen_height: this.screen?.height ?? null,
      waiting_s: Math.max(0, waiting),
      pending_bytes: status.pendingBytes,
      online: navigator.onLine,
    };
    await this.#database.addToOutbox("health", sample);
    if (this.#pace.isDue(sample, steadyNow())) await this.#send();
  }

  async #send() {
    if (this.#sending) return;
    this.#sending = true;
    try {
      const kept = await this.#database.takeOutbox("health", MOST);
      if (kept.length === 0) return;
      const started = steadyNow();
      const samples = kept.map(({ value }) => value);
      const once = { retry: false, timeoutMs: 10_000 };
      const reply = await this.#api.post("/v1/candidate/health", { samples }, once);
      this.#clock.learn(reply.server_time, steadyNow() - started);
      // After a full report more are waiting: the next sample brings them.
      if (kept.length < MOST) this.#pace.answered(samples.at(-1), started, reply.report_every_s);
      await this.#database.removeFromOutbox(kept.map(({ id }) => id));
      this.timeFactor = reply.time_factor;
      this.dispatchEvent(new CustomEvent("reply", { detail: reply }));
    } catch (error) {
      // The next sample tries again; nothing is lost meanwhile.
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    } finally {
      this.#sending = false;
    }
  }
}

const PHASES = {
  idle: "preparing",
  starting: "preparing",
  recording: "recording",
  // Who goes away while the camera is gone has left in the middle of an answer.
  interrupted: "recording",
  finishing: "finishing",
  finished: "waiting",
};
