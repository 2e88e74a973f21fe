/**
 * The interview room, from the link to the receipt.
 *
 * Screens (data-screen): demonstration, camera, sound, environment, screen, rules, practice, question, recording, saved,
 * follow-up-wait, resume, submit, sending, done, and problem-<code>. Buttons carry data-do. What is done survives a reload in the
 * browser's database; the answers themselves are the recorder's.
 */

import { Api, Problem, Unreachable } from "./api.js";
import { attemptsOf, uploadOf } from "./attempts.js";
import { CaptureProblem, canShareScreen, inAppBrowser } from "./capture.js";
import { Checks } from "./checks.js";
import { ServerClock } from "./clock.js";
import { openDatabase } from "./database.js";
import { demonstrate } from "./demonstration.js";
import { followUpTo } from "./follow_up.js";
import { Health } from "./health.js";
import { takeIdentity } from "./identity_screen.js";
import { keepUp } from "./keep_up.js";
import { answerWhenDurable, forgetPage, keepPage } from "./offline.js";
import { hintAtPicture } from "./picture_hint.js";
import { practise } from "./practice_screen.js";
import { QuestionFlow } from "./question_flow.js";
import { Recorder, RecorderProblem } from "./recorder.js";
import { agree } from "./rules_screen.js";
import { find, hasScreen, island, offer, onPress, pressed, show } from "./screens.js";
import { Steps } from "./steps.js";
import { showUploads } from "./upload_line.js";
import { Uploader } from "./uploader.js";

/** @typedef {import("./types.js").AnswerView} AnswerView */

/** Screens between two recordings: who leaves there has left in the middle. */
const BETWEEN = new Set(["question", "resume", "saved", "follow-up-wait", "submit", "again"]);
const DONE = new Set(["sealed", "assembled", "checked", "analysed", "skipped"]);

/** @type {import("./types.js").InterviewView} */
let view = island("room");
/** @type {Record<string, string>} */
const texts = island("texts");
const token = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const api = new Api(token);
const clock = new ServerClock();
const database = await openDatabase();
const interviewId = view.interview;
const recorder = new Recorder({ api, database, interviewId });
const uploader = new Uploader({ api, database, clock, interviewId });
const steps = new Steps({ api, database });
const health = new Health({ api, database, clock, recorder, uploader });
/** @type {import("./question_flow.js").Streams} */
const streams = { camera: null, screen: null };
const checks = new Checks({ api, view, streams, steps, health });
const flow = new QuestionFlow({
  recorder,
  streams,
  texts,
  questions: view.answers.filter((one) => one.follows === null),
  autoStart: view.entry.auto_start,
  steps,
  checks,
});

/** Takes finished in this browser, by answer, that `view` does not count yet. @type {Map<string, number>} */
const takenHere = new Map();
/** Follow-ups skipped in this page; the server may not know yet. @type {Set<string>} */
const skippedHere = new Set();

clock.learn(view.server_time, performance.now());
uploader.start();
steps.start();
health.start();
showUploads(uploader, texts);
keepUp(recorder, health);
hintAtPicture(recorder, health);
database.addEventListener("problem", warnOfStorage);
warnOfStorage();
health.addEventListener("reply", () => takeTime());
document.addEventListener("screen", (event) => {
  const { detail } = /** @type {CustomEvent} */ (event);
  health.phase = BETWEEN.has(detail) ? "thinking" : null;
});
onPress("copy-link", () => void navigator.clipboard.writeText(location.href));
onPress("try-again", () => void run());
answerWhenDurable(recorder);
void keepPage();
void run();

/** From wherever the candidate is; a problem has its own screen, and trying again begins here. */
async function run() {
  try {
    await interview();
  } catch (error) {
    const code = codeOf(error);
    find("#problem-code", HTMLElement).textContent = code;
    show(hasScreen(`problem-${code}`) ? `problem-${code}` : "problem-other");
    if (code === "other") throw error;
  }
}

async function interview() {
  if (inAppBrowser() && !navigator.mediaDevices) throw new CaptureProblem("in_app_browser");
  if (view.answers.some((answer) => answer.tracks.includes("screen")) && !canShareScreen())
    throw new CaptureProblem("screen_unsupported");
  await countFinished();
  const unfinished = await recorder.unfinished();
  const kept = (await database.recall(`room/${interviewId}`)) ?? {};
  if (!unfinished && !kept.demonstrated && view.entry.demonstration) {
    const whole = await demonstrate();
    await steps.report(whole ? "demonstration_seen" : "demonstration_skipped", {});
    await database.keep(`room/${interviewId}`, { ...kept, demonstrated: true });
  }
  await checks.camera(unfinished !== null);
  if (!unfinished && !kept.checked) {
    await checks.sound();
    await checks.environment();
  }
  if (openQuestions().some((answer) => answer.tracks.includes("screen"))) await checks.screen();
  if (unfinished) await resume(unfinished);
  else if (!kept.agreed || !view.consents?.recording) {
    view.consents = await agree(api, view);
    await steps.report("rules_accepted", {});
    if (streams.camera) await takeIdentity({ api, view, camera: streams.camera, steps });
    if (view.entry.practice && streams.camera) await practise(streams.camera, steps);
    await database.keep(`room/${interviewId}`, { demonstrated: true, checked: true, agreed: true });
  }
  await questions();
  await handIn();
}

/** @param {{answer: string, elapsedMs: number}} unfinished */
async function resume(unfinished) {
  const question = view.answers.find((answer) => answer.answer === unfinished.answer);
  if (!question) return recorder.finishUnfinished();
  find("#resume-elapsed", HTMLElement).textContent =
    `${Math.round(unfinished.elapsedMs / 1000)} s / ${question.max_s} s`;
  show("resume");
  if ((await pressed("resume", "resume-finish")) === "resume-finish") {
    await recorder.finishUnfinished();
    return taken(question);
  }
  const then = await flow.goOn(question, takesLeft(question));
  taken(question);
  if (then === "retake") await answer(question);
  else await followUp(question);
}

/** Answers that are finished in this browser and that the server does not know of yet. */
async function countFinished() {
  takenHere.clear();
  for (const attempt of await attemptsOf(database, interviewId)) {
    const upload = await uploadOf(database, attempt);
    const asked = view.answers.find((one) => one.answer === attempt.answer);
    const unknown =
      upload.state === "open" || (upload.state === "sealed" && asked?.state === "recording");
    if (attempt.state === "finished" && asked && unknown) taken(asked);
  }
}

async function questions() {
  for (const question of openQuestions()) if (isOpen(question)) await answer(question);
}

/** With the follow-up to it, where there is one. @param {AnswerView} question */
async function answer(question) {
  for (;;) {
    const then = await ask(question);
    if (then === "skip") return skip(question);
    taken(question);
    if (then !== "retake") return followUp(question);
  }
}

/** @param {AnswerView} question */
async function ask(question) {
  try {
    return await flow.ask(question, takesLeft(question));
  } catch (error) {
    // The deadline came, say: a question that nobody owes keeps nobody from handing in.
    if (error instanceof Problem && question.follows !== null) return "skip";
    throw error;
  }
}

/** @param {AnswerView} question */
async function followUp(question) {
  if (!view.entry.follow_ups || question.follows !== null) return;
  const offered = await followUpTo({ api, database, interviewId }, question);
  if (!offered || !isOpen(offered)) return;
  if (!view.answers.some((one) => one.answer === offered.answer)) view.answers.push(offered);
  await answer(offered);
}

/** The interview goes on at once; a word that gets lost is made good when it is handed in. @param {AnswerView} question */
function skip(question) {
  skippedHere.add(question.answer);
  api
    .post(`/v1/candidate/follow-ups/${question.follows}/skip`, {}, { retry: false })
    .catch((error) => {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    });
}

/** @param {AnswerView} question */
function taken(question) {
  takenHere.set(question.answer, (takenHere.get(question.answer) ?? 0) + 1);
}

/** @param {AnswerView} question */
function takesLeft(question) {
  return question.takes - question.attempts - (takenHere.get(question.answer) ?? 0);
}

/** What is still to be answered, in order. */
function openQuestions() {
  return view.answers.filter(isOpen);
}

/** @param {AnswerView} question */
function isOpen({ answer, state }) {
  return !DONE.has(state) && !takenHere.has(answer) && !skippedHere.has(answer);
}

async function handIn() {
  show("submit");
  await pressed("submit");
  show("sending");
  await uploader.settled();
  if (await giveAgain()) return handIn();
  await api.post("/v1/candidate/submission", {});
  await health.finish();
  show("done");
  await forgetPage();
}

/** Answers that were found unusable while the interview went on, and late follow-ups; whether one was given. */
async function giveAgain() {
  view = await api.get("/v1/candidate/interview");
  await countFinished();
  // Offered when the page had stopped waiting: told now, before it is too late.
  const late = view.answers.filter(
    (one) => one.follows !== null && one.state === "pending" && one.recordable,
  );
  for (const question of late) if (isOpen(question)) await answer(question);
  const refused = view.answers.filter((one) => one.state === "re_record" && isAskedAgain(one));
  if (refused.length === 0) return late.some((one) => takenHere.has(one.answer));
  const asked = view.answers.filter((one) => one.follows === null).map((one) => one.answer);
  const numbers = new Set(refused.map((one) => asked.indexOf(one.follows ?? one.answer) + 1));
  find("#again-numbers", HTMLElement).textContent = [...numbers].join(", ");
  offer("again-skip", view.state !== "re_record");
  show("again");
  if ((await pressed("again", "again-skip")) === "again-skip") {
    show("sending");
    return false;
  }
  for (const question of refused) if (isOpen(question)) await answer(question);
  return true;
}

/** @param {AnswerView} question */
const isAskedAgain = (question) => question.recordable && !skippedHere.has(question.answer);

/** What the server says now: more time, another deadline. */
async function takeTime() {
  const factor = health.timeFactor / view.time_factor;
  if (factor === 1 || !Number.isFinite(factor)) return;
  view = await api.get("/v1/candidate/interview");
  const asked = view.answers.find((answer) => answer.answer === recorder.snapshot.answer);
  if (asked) recorder.setLimits({ minMs: asked.min_s * 1000, maxMs: asked.max_s * 1000 });
}

function warnOfStorage() {
  const note = find("#storage", HTMLElement);
  note.hidden = database.problem === null;
  note.textContent = texts[database.problem ?? ""] ?? "";
  const framed = window.top !== window && database.problem === "storage_missing";
  find("#own-window", HTMLElement).hidden = !framed;
  if (database.problem) void steps.report("storage_unavailable", { problem: database.problem });
}

/** @param {unknown} error */
function codeOf(error) {
  if (
    error instanceof CaptureProblem ||
    error instanceof RecorderProblem ||
    error instanceof Problem
  )
    return error.code;
  return "other";
}
