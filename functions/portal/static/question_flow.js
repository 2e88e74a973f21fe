/** One question from thinking to "saved": the clock, the markers, lost devices, another take. */

import { CaptureProblem, openCamera, openScreen } from "./capture.js";
import { picture } from "./pictures.js";
import { alertUser, all, clock, find, offer, onPress, pressed, say, show } from "./screens.js";

/**
 * @typedef {import("./types.js").AnswerView} AnswerView
 * @typedef {import("./recorder.js").Snapshot} Snapshot
 * @typedef {{camera: MediaStream | null, screen: MediaStream | null}} Streams
 */

export class QuestionFlow {
  #recorder;
  #streams;
  #texts;
  #questions;
  #autoStart;
  #steps;
  #checks;
  #told = new Set();

  /**
   * @param {object} given
   * @param {import("./recorder.js").Recorder} given.recorder
   * @param {Streams} given.streams shared with the checks: what is open is not asked for again
   * @param {Record<string, string>} given.texts
   * @param {AnswerView[]} given.questions those that are counted: without the follow-ups
   * @param {boolean} given.autoStart
   * @param {import("./steps.js").Steps} given.steps
   * @param {import("./checks.js").Checks} given.checks told of every new stream
   */
  constructor({ recorder, streams, texts, questions, autoStart, steps, checks }) {
    this.#recorder = recorder;
    this.#streams = streams;
    this.#texts = texts;
    this.#questions = questions;
    this.#autoStart = autoStart;
    this.#steps = steps;
    this.#checks = checks;
    recorder.addEventListener("change", () => this.#draw(recorder.snapshot));
    recorder.addEventListener("lost-track", (event) => {
      const { track } = /** @type {CustomEvent} */ (event).detail;
      this.#lost(track);
    });
    find("#marker", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#mark();
    });
    onPress("camera-again", () => void this.#again("camera"));
    onPress("screen-again", () => void this.#again("screen"));
    onPress("finish", () => void recorder.finish());
  }

  /** Until the answer is saved; what was pressed then: "next" or "retake", or "skip" before it was given. @param {AnswerView} question @param {number} takesLeft */
  async ask(question, takesLeft) {
    this.#present(question);
    offer("skip", question.follows !== null);
    show("question");
    if ((await this.#think(question)) === "skip") return "skip";
    const finished = this.#finished();
    await this.#recorder.start(question, this.#given(question));
    return this.#untilSaved(finished, takesLeft);
  }

  /** Go on with an answer that was cut off. @param {AnswerView} question @param {number} takesLeft */
  async goOn(question, takesLeft) {
    this.#present(question);
    const finished = this.#finished();
    await this.#recorder.resume(question, this.#given(question));
    void this.#steps.report("recording_resumed", { answer: question.answer });
    return this.#untilSaved(finished, takesLeft);
  }

  /** @param {Promise<boolean>} finished @param {number} takesLeft */
  async #untilSaved(finished, takesLeft) {
    this.#told.clear();
    show("recording");
    alertUser(this.#texts.started ?? "");
    const byLimit = await finished;
    offer("retake", takesLeft > 1);
    show("saved");
    say((byLimit ? this.#texts.by_limit : this.#texts.saved) ?? "");
    return pressed("next", "retake");
  }

  /** @returns {Promise<boolean>} whether the limit ended it */
  #finished() {
    return new Promise((resolve) =>
      this.#recorder.addEventListener(
        "finished",
        (event) => resolve(/** @type {CustomEvent} */ (event).detail.byLimit),
        { once: true },
      ),
    );
  }

  /** @param {AnswerView} question */
  #given(question) {
    /** @type {import("./recorder.js").Streams} */
    const streams = {};
    if (this.#streams.camera) streams.camera = this.#streams.camera;
    if (question.tracks.includes("screen") && this.#streams.screen)
      streams.screen = this.#streams.screen;
    return streams;
  }

  /** @param {AnswerView} question */
  #present(question) {
    const { answer, follows } = question;
    const number = this.#questions.findIndex((one) => one.answer === (follows ?? answer)) + 1;
    const counted = `${number} / ${this.#questions.length}`;
    const numbered = follows
      ? (this.#texts.follow_up ?? "").replace("{number}", String(number))
      : counted;
    for (const line of all("[data-number]")) line.textContent = numbered;
    const shown = follows ? "follow-up" : answer;
    for (const part of all("[data-question]")) part.hidden = part.dataset.question !== shown;
    if (follows) this.#word(question);
    for (const note of all("[data-auto]")) note.hidden = !this.#startsItself(question);
    picture("data-selfview", this.#streams.camera);
  }

  /** Nobody is recorded for a question that may be skipped. @param {AnswerView} question */
  #startsItself(question) {
    return this.#autoStart && question.follows === null;
  }

  /** A follow-up's text and limit; the page was made before anybody knew them. @param {AnswerView} question */
  #word({ text, max_s }) {
    const words = text[document.documentElement.lang] ?? text.en ?? Object.values(text)[0] ?? "";
    for (const place of all("[data-follow-up-text]")) place.textContent = words;
    find("[data-follow-up-most]", HTMLElement).textContent = (this.#texts.at_most ?? "").replace(
      "{most}",
      clock(max_s * 1000),
    );
  }

  /** The time to think; it may be cut short, and where the template says so recording starts by itself. @param {AnswerView} question @returns {Promise<string>} "start" or "skip" */
  async #think(question) {
    const line = find("[data-think]", HTMLElement);
    const shown = find("b", HTMLElement, line);
    const ends = performance.now() + question.think_s * 1000;
    line.hidden = question.think_s === 0;
    const started = pressed("start", "skip");
    /** @type {ReturnType<typeof setInterval> | undefined} */
    let timer;
    /** @type {Promise<string>} */
    const over = new Promise((resolve) => {
      const tick = () => {
        const left = Math.max(0, ends - performance.now());
        shown.textContent = clock(left + 999);
        if (left > 0) return;
        clearInterval(timer);
        if (this.#startsItself(question)) resolve("start");
      };
      timer = setInterval(tick, 250);
      tick();
    });
    const chosen = await Promise.race([started, over]);
    clearInterval(timer);
    return chosen;
  }

  /** @param {Snapshot} snapshot */
  #draw(snapshot) {
    const total = Number.isFinite(snapshot.maxMs) ? snapshot.maxMs : 0;
    find("#elapsed", HTMLElement).textContent = clock(snapshot.elapsedMs);
    find("#total", HTMLElement).textContent = clock(total);
    find("#elapsed-bar", HTMLProgressElement).value = total ? snapshot.elapsedMs / total : 0;
    const least = find("#minimum", HTMLElement);
    least.hidden = snapshot.elapsedMs >= snapshot.minMs;
    least.textContent = `${this.#texts.minimum} ${clock(snapshot.minMs - snapshot.elapsedMs + 999)}`;
    for (const button of all('[data-do="finish"]'))
      button.setAttribute("aria-disabled", String(!snapshot.canFinish));
    const recording = snapshot.phase === "recording";
    find("#lost-camera", HTMLElement).hidden = snapshot.phase !== "interrupted";
    find("#lost-screen", HTMLElement).hidden = !(recording && snapshot.missing.includes("screen"));
    if (recording) this.#tellTimeLeft(total - snapshot.elapsedMs);
  }

  /** Once at a minute and once at ten seconds before the end. @param {number} leftMs */
  #tellTimeLeft(leftMs) {
    for (const [name, at] of /** @type {const} */ ([
      ["left.seconds", 10_000],
      ["left.minute", 60_000],
    ])) {
      if (leftMs > at || leftMs < at - 2000 || this.#told.has(name)) continue;
      this.#told.add(name);
      say(this.#texts[name] ?? "");
    }
  }

  /** @param {"camera" | "screen"} track */
  #lost(track) {
    this.#streams[track] = null;
    alertUser(this.#texts.interrupted ?? "");
    void this.#steps.report(track === "camera" ? "device_lost" : "share_stopped", {});
  }

  /** @param {"camera" | "screen"} track */
  async #again(track) {
    try {
      const stream = track === "camera" ? await openCamera() : await openScreen();
      this.#streams[track] = stream;
      await this.#recorder.replace(track, stream);
      if (track === "camera") {
        picture("data-selfview", stream);
        await this.#checks.measure(stream);
      } else this.#checks.measureScreen(stream);
      say(this.#texts.started ?? "");
    } catch (error) {
      if (!(error instanceof CaptureProblem)) throw error;
      alertUser(this.#texts.interrupted ?? "");
    }
  }

  async #mark() {
    const note = find("#note", HTMLInputElement);
    const at = await this.#recorder.mark(note.value);
    if (at === null) return;
    note.value = "";
    say(`${this.#texts.marked} ${clock(at)}`);
  }
}
