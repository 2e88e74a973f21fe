/** After an answer: whether the server has one more question about it, asked for a few seconds and never longer. */

import { Problem, Unreachable } from "./api.js";
import { attemptsOf, uploadOf } from "./attempts.js";
import { find, hasScreen, pressed, show } from "./screens.js";

/**
 * @typedef {import("./types.js").AnswerView} AnswerView
 * @typedef {import("./api.js").Api} Api
 * @typedef {import("./database.js").Database} Database
 */

/** Between two questions to the server. */
const AGAIN_MS = 500;

/**
 * The follow-up to an answer that was just finished, null where there is none in time or nobody wants to wait.
 * @param {{api: Api, database: Database, interviewId: string}} given @param {AnswerView} question
 * @returns {Promise<AnswerView | null>}
 */
export async function followUpTo({ api, database, interviewId }, question) {
  if (!hasScreen("follow-up-wait")) return null;
  const { dataset } = find('[data-screen="follow-up-wait"]', HTMLElement);
  show("follow-up-wait");
  const over = AbortSignal.timeout(Number(dataset.waitS) * 1000);
  const stop = new AbortController();
  const signal = AbortSignal.any([over, stop.signal]);
  const leave = pressed("go-on").then(() => stop.abort());
  const ended = new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(null), { once: true }),
  );
  const found = lookFor(api, database, interviewId, question.answer, signal);
  return Promise.race([found, ended, leave.then(() => null)]);
}

/**
 * @param {Api} api @param {Database} database @param {string} interviewId @param {string} answer
 * @param {AbortSignal} signal @returns {Promise<AnswerView | null>}
 */
async function lookFor(api, database, interviewId, answer, signal) {
  while (!signal.aborted) {
    const attempt = await sentAttempt(database, interviewId, answer);
    if (attempt === undefined) return null;
    try {
      const reply = attempt && (await ask(api, answer, attempt, signal));
      if (reply && reply.state !== "waiting") return reply.follow_up;
    } catch (error) {
      // Refused, or the time is over: the interview goes on.
      if (error instanceof Problem || signal.aborted) return null;
      if (!(error instanceof Unreachable)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  return null;
}

/** @param {Api} api @param {string} answer @param {number} attempt @param {AbortSignal} signal */
function ask(api, answer, attempt, signal) {
  return api.post(`/v1/candidate/follow-ups/${answer}`, { attempt }, { retry: false, signal });
}

/**
 * The server's number of the newest take, null while it is on its way, undefined where it was refused.
 * @param {Database} database @param {string} interviewId @param {string} answer
 */
async function sentAttempt(database, interviewId, answer) {
  const takes = (await attemptsOf(database, interviewId)).filter((one) => one.answer === answer);
  const newest = takes.at(-1);
  if (!newest) return undefined;
  const upload = await uploadOf(database, newest);
  if (upload.state === "refused") return undefined;
  return upload.state === "open" ? null : upload.attempt;
}
