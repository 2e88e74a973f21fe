/**
 * A Web Lock held by this page until it lets go or dies.
 *
 * Where a browser knows no locks or denies them (a frame of another site whose storage is blocked), everybody gets
 * theirs: such a page shares nothing that would need one.
 */

/** @param {unknown} error */
const isDenied = (error) => error instanceof DOMException && error.name === "SecurityError";

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
    return new Promise((resolve, reject) => {
      navigator.locks
        .request(this.#name, { ifAvailable: true }, (lock) => {
          resolve(lock !== null);
          return lock ? this.#hold() : undefined;
        })
        .catch((error) => (isDenied(error) ? resolve(true) : reject(error)));
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
        .catch((error) => (isDenied(error) ? resolve() : reject(error)));
    });
  }

  release() {
    this.#release?.();
    this.#release = null;
  }

  /** Whether another page holds it. */
  async isTaken() {
    if (this.#release || !navigator.locks) return false;
    try {
      const { held } = await navigator.locks.query();
      return held?.some((lock) => lock.name === this.#name) ?? false;
    } catch (error) {
      if (isDenied(error)) return false;
      throw error;
    }
  }

  /** @returns {Promise<void>} */
  #hold() {
    return new Promise((resolve) => {
      this.#release = resolve;
    });
  }
}
