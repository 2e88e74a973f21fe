/** Time: one that only runs forward on this computer, and the server's. */

const LOADED_AT = Date.now();
const LOADED = performance.now();

/** Milliseconds since the epoch; within one page no change of the computer's clock moves it. */
export function steadyNow() {
  return LOADED_AT + (performance.now() - LOADED);
}

/** The server's clock, however wrong this computer's may be. */
export class ServerClock {
  #offset = 0;
  #roundTripMs = Number.POSITIVE_INFINITY;

  /**
   * The answer with the shortest way is believed: it is the least uncertain. But an answer that cannot be true by
   * what was believed so far replaces it: the page came from the cache, or this computer has slept.
   *
   * @param {string} time @param {number} roundTripMs
   */
  learn(time, roundTripMs) {
    const told = Date.parse(time);
    const received = this.now();
    const slack = this.#roundTripMs / 2;
    const possible = told <= received + slack && told >= received - roundTripMs - slack;
    if (possible && roundTripMs > this.#roundTripMs) return;
    this.#roundTripMs = roundTripMs;
    this.#offset = told + roundTripMs / 2 - steadyNow();
  }

  /** Milliseconds since the epoch. */
  now() {
    return steadyNow() + this.#offset;
  }

  /** Milliseconds until `time`, negative when it has passed. @param {string} time */
  until(time) {
    return Date.parse(time) - this.now();
  }
}
