/** A Web Lock held by this page until it lets go or dies. */

export class Held {
  #name;
  /** @type {(() => void) | null} */
  #release = null;

  /** @param {string} name */
  constructor(name) {
    this.#name = name;
  }

  /** False where another page holds it. @returns {Promise<boolean>} */
  take() {
    if (this.#release) return Promise.resolve(true);
    if (!navigator.locks) return Promise.resolve(true);
    return new Promise((resolve) => {
      void navigator.locks.request(this.#name, { ifAvailable: true }, (lock) => {
        resolve(lock !== null);
        return lock ? this.#hold() : undefined;
      });
    });
  }

  /** Wait until it is ours. @param {AbortSignal} [signal] @returns {Promise<void>} */
  wait(signal) {
    if (!navigator.locks) return Promise.resolve();
    return new Promise((resolve, reject) => {
      navigator.locks
        .request(this.#name, { signal }, () => {
          resolve();
          return this.#hold();
        })
        .catch(reject);
    });
  }

  release() {
    this.#release?.();
    this.#release = null;
  }

  /** Whether another page holds it. */
  async isTaken() {
    if (this.#release || !navigator.locks) return false;
    const { held } = await navigator.locks.query();
    return held?.some((lock) => lock.name === this.#name) ?? false;
  }

  /** @returns {Promise<void>} */
  #hold() {
    return new Promise((resolve) => {
      this.#release = resolve;
    });
  }
}
