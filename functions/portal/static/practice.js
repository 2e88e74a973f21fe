/** A trial recording in memory: nothing is written to a disk, nothing is sent. */

import { formatFor } from "./formats.js";

export class Practice {
  #stream;
  /** @type {MediaRecorder | null} */
  #recorder = null;
  /** @type {Blob[]} */
  #kept = [];
  #url = "";

  /** @param {MediaStream} stream */
  constructor(stream) {
    this.#stream = stream;
  }

  record() {
    this.forget();
    this.#recorder = new MediaRecorder(this.#stream, formatFor("camera") ?? {});
    this.#recorder.ondataavailable = ({ data }) => this.#kept.push(data);
    this.#recorder.start();
  }

  /** @returns {Promise<string>} a URL that plays it in this page */
  async stop() {
    const recorder = this.#recorder;
    if (recorder && recorder.state !== "inactive") {
      const stopped = new Promise((resolve) => recorder.addEventListener("stop", resolve));
      recorder.stop();
      await stopped;
    }
    this.#url = URL.createObjectURL(new Blob(this.#kept, { type: recorder?.mimeType ?? "" }));
    return this.#url;
  }

  forget() {
    if (this.#recorder?.state === "recording") this.#recorder.stop();
    URL.revokeObjectURL(this.#url);
    this.#kept = [];
    this.#recorder = null;
  }
}
