/** Tells the candidate, while an answer is recorded, that the camera shows nothing: black, covered, frozen, muted. */

import { alertUser, all } from "./screens.js";

const LOOK_MS = 1000;
/** Half of what the server waits before it tells HR: the candidate knows first. */
const SHOWN_AFTER_MS = 5000;

/** @param {import("./recorder.js").Recorder} recorder @param {import("./health.js").Health} health who has the meter */
export function hintAtPicture(recorder, health) {
  const notes = all("[data-picture-hint]");
  let since = 0;
  let shown = "";
  setInterval(() => {
    const state = health.picture?.state ?? "ok";
    const wrong = recorder.snapshot.phase === "recording" && state !== "ok" && state !== "absent";
    since = wrong ? since || performance.now() : 0;
    const hint = since && performance.now() - since >= SHOWN_AFTER_MS ? state : "";
    if (hint === shown) return;
    shown = hint;
    for (const note of notes) {
      note.hidden = note.dataset.pictureHint !== hint;
      if (!note.hidden) alertUser(note.textContent?.trim() ?? "");
    }
  }, LOOK_MS);
}
