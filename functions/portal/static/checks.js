/** The checks before the interview: camera and microphone, the test sound, the environment, the screen. */

import { CaptureProblem, isLive, openCamera, openScreen } from "./capture.js";
import { checkEnvironment } from "./environment.js";
import { PictureMeter, SoundMeter } from "./meters.js";
import { picture } from "./pictures.js";
import { all, find, offer, pressed, show } from "./screens.js";
import { playTestSound } from "./test_sound.js";

export class Checks {
  #api;
  #view;
  #streams;
  #steps;
  #health;
  /** @type {PictureMeter | null} */
  #pictureMeter = null;
  /** @type {SoundMeter | null} */
  #soundMeter = null;

  /**
   * @param {object} given
   * @param {import("./api.js").Api} given.api
   * @param {import("./types.js").InterviewView} given.view
   * @param {import("./question_flow.js").Streams} given.streams filled here
   * @param {import("./steps.js").Steps} given.steps
   * @param {import("./health.js").Health} given.health is given the meters
   */
  constructor({ api, view, streams, steps, health }) {
    this.#api = api;
    this.#view = view;
    this.#streams = streams;
    this.#steps = steps;
    this.#health = health;
  }

  /** Camera and microphone. Throws `CaptureProblem`. @param {boolean} known whether they were allowed before: then no second press is needed */
  async camera(known) {
    if (this.#streams.camera && isLive(this.#streams.camera)) return;
    offer("open-camera", true);
    offer("camera-good", false);
    picture("data-selfview", null);
    show("camera");
    await pressed("open-camera");
    offer("open-camera", false);
    const stream = await this.#opened();
    this.#streams.camera = stream;
    picture("data-selfview", stream);
    await this.measure(stream);
    await this.#steps.report("microphone_ready", {});
    if (known) return;
    offer("camera-good", true);
    find('[data-do="camera-good"]', HTMLButtonElement).focus();
    await pressed("camera-good");
  }

  /** The test sound; hearing it is the candidate's own word. */
  async sound() {
    const help = find("#sound-help", HTMLElement);
    help.hidden = true;
    show("sound");
    for (;;) {
      const choice = await pressed("play-sound", "sound-heard", "sound-not-heard");
      if (choice === "sound-heard") break;
      help.hidden = choice !== "sound-not-heard";
      await playTestSound();
      offer("sound-heard", true);
      offer("sound-not-heard", true);
    }
    await this.#steps.report("sound_heard", {});
  }

  /** Until it is good enough by the template, or better. */
  async environment() {
    show("environment");
    for (;;) {
      offer("environment-done", false);
      offer("environment-again", false);
      for (const note of all("[data-verdict-note]")) note.hidden = true;
      for (const line of all("[data-measure]")) line.dataset.verdict = "waiting";
      const { measures, verdict } = await checkEnvironment({
        api: this.#api,
        view: this.#view,
        picture: this.#pictureMeter,
        sound: this.#soundMeter,
        onMeasure: draw,
      });
      const values = Object.fromEntries(measures.map(({ name, value }) => [name, rounded(value)]));
      await this.#steps.report("environment_checked", { verdict, ...values });
      for (const note of all("[data-verdict-note]"))
        note.hidden = note.dataset.verdictNote !== verdict;
      offer("environment-done", verdict !== "block");
      offer("environment-again", verdict !== "good");
      if ((await pressed("environment-done", "environment-again")) === "environment-done") return;
    }
  }

  /** The screen, once for all questions that need it. Throws `CaptureProblem`. */
  async screen() {
    if (this.#streams.screen && isLive(this.#streams.screen)) return;
    offer("share-screen", true);
    offer("screen-good", false);
    picture("data-screenview", null);
    show("screen");
    await pressed("share-screen");
    try {
      this.#streams.screen = await openScreen();
    } catch (error) {
      await this.#steps.report("screen_refused", {});
      throw error;
    }
    offer("share-screen", false);
    picture("data-screenview", this.#streams.screen);
    await this.#steps.report("screen_ready", this.measureScreen(this.#streams.screen));
    offer("screen-good", true);
    find('[data-do="screen-good"]', HTMLButtonElement).focus();
    await pressed("screen-good");
  }

  /** @param {MediaStream} stream @returns {{width: number, height: number}} px */
  measureScreen(stream) {
    const { width = 0, height = 0 } = stream.getVideoTracks()[0]?.getSettings() ?? {};
    this.#health.screen = { width, height };
    return { width, height };
  }

  /** No camera, no entry, where the template says so. */
  async #opened() {
    try {
      const stream = await openCamera();
      await this.#steps.report("camera_ready", {});
      return stream;
    } catch (error) {
      if (!(error instanceof CaptureProblem)) throw error;
      const without = error.code === "no_camera" && !this.#view.entry.camera_required;
      if (!without) {
        const step = error.code === "no_microphone" ? "microphone_refused" : "camera_refused";
        await this.#steps.report(step, { code: error.code });
        throw error;
      }
      await this.#steps.report("camera_absent", {});
      return openCamera({ camera: false });
    }
  }

  /** Watch this camera and microphone from now on. @param {MediaStream} stream */
  async measure(stream) {
    this.#pictureMeter?.stop();
    void this.#soundMeter?.stop();
    const sound = new SoundMeter();
    this.#pictureMeter = this.#health.picture = new PictureMeter(stream);
    this.#soundMeter = this.#health.sound = sound;
    await sound.start(stream);
    for (const level of all("[data-level]")) {
      level.hidden = false;
      const meter = find("meter", HTMLMeterElement, level);
      const timer = setInterval(() => {
        if (this.#soundMeter !== sound) clearInterval(timer);
        else meter.value = Math.max(0, ((sound.levelDbfs ?? -60) + 60) / 60);
      }, 100);
    }
  }
}

/** @param {import("./environment.js").Measure} measure */
function draw({ name, value, verdict }) {
  const line = all(`[data-measure="${name}"]`)[0];
  if (!line) return;
  line.dataset.verdict = verdict;
  find("b", HTMLElement, line).textContent = value === null ? "–" : String(rounded(value));
  find(".advice", HTMLElement, line).hidden = verdict === "good";
}

/** @param {number | null} value */
const rounded = (value) => (value === null ? null : Math.round(value * 10) / 10);
