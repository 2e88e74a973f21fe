/** When health samples are sent: each at once while somebody watches, else several together, and at once what matters. */

const SAMPLE_MS = 5000;
/** With such a camera every sample counts: the server tells HR when it has shown nothing for ten seconds. */
const TROUBLE = new Set(["black", "frozen", "covered", "muted"]);

export class ReportPace {
  /** As the server wants it; before its first answer, and from one of an older release, every sample. */
  #everyMs = 0;
  #sentAt = Number.NEGATIVE_INFINITY;
  #told = "";

  /** Whether `sample` and what was kept before it are to be sent. @param {Sample} sample @param {number} now ms */
  isDue(sample, now) {
    if (TROUBLE.has(sample.camera ?? "") || matters(sample) !== this.#told) return true;
    return now - this.#sentAt >= this.#everyMs - SAMPLE_MS / 2; // timers are a little early or late
  }

  /** @param {Sample} newest of those that the server has now @param {number} sentAt ms @param {number} [everyS] */
  answered(newest, sentAt, everyS = 0) {
    this.#told = matters(newest);
    this.#sentAt = sentAt;
    this.#everyMs = everyS * 1000;
  }
}

/** What is told at once when it changes. @param {Sample} sample */
const matters = ({ phase, answer, camera, online }) =>
  JSON.stringify([phase, answer, camera, online]);

/** @typedef {{phase: string, answer: string | null, camera: string | null, online: boolean}} Sample */
