/** How long to wait before the next try: jittered, doubling, cut short when the network comes back. */

/** @param {number} ms @param {AbortSignal} [signal] */
export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal?.removeEventListener("abort", aborted);
      resolve(undefined);
    };
    const aborted = () => {
      done();
      reject(signal?.reason);
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
    signal?.addEventListener("abort", aborted);
    if (signal?.aborted) aborted();
  });
}

/** "Full jitter": a random time up to a bound that doubles with each failure (0.5 s … 15 s). */
export class Patience {
  #failures = 0;

  /** @param {{firstMs?: number, mostMs?: number}} [bounds] */
  constructor({ firstMs = 500, mostMs = 15_000 } = {}) {
    this.firstMs = firstMs;
    this.mostMs = mostMs;
    addEventListener("online", () => this.reset());
  }

  reset() {
    this.#failures = 0;
  }

  /** @returns {number} milliseconds until the next try */
  next() {
    const bound = Math.min(this.mostMs, this.firstMs * 2 ** this.#failures++);
    return bound / 4 + Math.random() * 0.75 * bound;
  }

  /** @param {AbortSignal} [signal] */
  wait(signal) {
    return pause(this.next(), signal);
  }
}
