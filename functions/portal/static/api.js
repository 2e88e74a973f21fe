/** Calls to the server's JSON API: each with a time limit, tried again for as long as trying may help. */

import { Patience } from "./patience.js";

const RETRIED = new Set([408, 425, 429, 500, 502, 503, 504]);

/** The server's refusal, an RFC 9457 problem document; asking again would not help. */
export class Problem extends Error {
  /** @param {number} status @param {Record<string, any>} fields */
  constructor(status, fields) {
    super(fields.detail ?? `status ${status}`);
    this.status = status;
    /** @type {string} */
    this.code = fields.code ?? `http_${status}`;
    this.fields = fields;
  }
}

/** The network or the server failed; the same call may succeed later. */
export class Unreachable extends Error {}

export class Api {
  #token;

  /** @param {string} token the personal link's */
  constructor(token) {
    this.#token = token;
  }

  /** @param {string} path @param {Options} [options] @returns {Promise<any>} */
  get(path, options) {
    return this.send("GET", path, undefined, options);
  }

  /** @param {string} path @param {unknown} body @param {Options} [options] @returns {Promise<any>} */
  post(path, body, options) {
    return this.send("POST", path, body, options);
  }

  /** @param {string} path @param {unknown} body @param {Options} [options] @returns {Promise<any>} */
  put(path, body, options) {
    return this.send("PUT", path, body, options);
  }

  /**
   * The answer's JSON, null where it has none. A Blob goes as it is, anything else as JSON.
   * Throws `Problem`; `Unreachable` only where `retry` is false; the signal's reason when it aborts.
   *
   * @typedef {{retry?: boolean, timeoutMs?: number, signal?: AbortSignal}} Options
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Options} [options]
   * @returns {Promise<any>}
   */
  async send(method, path, body, { retry = true, timeoutMs = 20_000, signal } = {}) {
    const patience = new Patience();
    for (;;) {
      try {
        return await this.#once(method, path, body, timeoutMs, signal);
      } catch (error) {
        if (!(error instanceof Unreachable) || !retry) throw error;
        await patience.wait(signal);
      }
    }
  }

  /**
   * @param {string} method @param {string} path @param {unknown} body
   * @param {number} timeoutMs @param {AbortSignal} [signal]
   */
  async #once(method, path, body, timeoutMs, signal) {
    signal?.throwIfAborted();
    const limit = AbortSignal.timeout(timeoutMs);
    /** @type {Record<string, string>} */
    const headers = { Authorization: `Bearer ${this.#token}` };
    /** @type {RequestInit} */
    const request = { method, headers, signal: signal ? AbortSignal.any([limit, signal]) : limit };
    if (body instanceof Blob) {
      request.body = body;
      headers["Content-Type"] = body.type;
    } else if (body !== undefined) {
      request.body = JSON.stringify(body);
      headers["Content-Type"] = "application/json";
    }
    try {
      const answer = await fetch(path, request);
      const text = await answer.text();
      if (RETRIED.has(answer.status)) throw new Unreachable(`status ${answer.status}`);
      const json = parsed(text, answer.status);
      if (!answer.ok) throw new Problem(answer.status, json ?? {});
      return json;
    } catch (error) {
      if (error instanceof Problem || error instanceof Unreachable) throw error;
      signal?.throwIfAborted();
      throw new Unreachable(String(error));
    }
  }
}

/** @param {string} text @param {number} status */
function parsed(text, status) {
  if (!text) return null;
  try {
    return JSON.parse(text);
  } catch {
    // A page that a proxy put in our server's place.
    if (status < 500 && status >= 400) return {};
    throw new Unreachable("the answer is not JSON");
  }
}
