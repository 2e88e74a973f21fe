/** Steps of the guided start, told to the process log: kept first, sent at once, in order, each once. */

import { Problem } from "./api.js";

const MOST = 50;

export class Steps {
  #api;
  #database;
  #sending = false;

  /** @param {{api: import("./api.js").Api, database: import("./database.js").Database}} given */
  constructor({ api, database }) {
    this.#api = api;
    this.#database = database;
  }

  start() {
    this.#database.addEventListener("change", () => void this.#send());
    addEventListener("online", () => void this.#send());
    void this.#send();
  }

  /** Resolves when it is kept; it is sent within a second where there is a network. @param {string} step @param {Record<string, string | number | boolean | null>} details */
  report(step, details) {
    const id = crypto.randomUUID();
    return this.#database.addToOutbox("step", { id, step, at: new Date().toISOString(), details });
  }

  async #send() {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (;;) {
        const kept = await this.#database.takeOutbox("step", MOST);
        if (kept.length === 0) return;
        await this.#api.post("/v1/candidate/steps", { steps: kept.map(({ value }) => value) });
        await this.#database.removeFromOutbox(kept.map(({ id }) => id));
      }
    } catch (error) {
      // Refused for good (a link that has run out): they stay kept, and a new link sends them.
      if (!(error instanceof Problem)) throw error;
    } finally {
      this.#sending = false;
    }
  }
}
