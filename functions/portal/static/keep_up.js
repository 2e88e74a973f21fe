/** Fewer lines rather than fewer frames: where the computer cannot keep up, the camera's picture is made smaller, once. */

const LOOK_MS = 2000;
/** So few frames a second, so many times in a row, is a computer that cannot keep up. */
const SLOW_FPS = 15;
const SLOW_LOOKS = 3;
const LOWER_PX = 480;

/** @param {import("./recorder.js").Recorder} recorder @param {import("./health.js").Health} health who has the meter */
export function keepUp(recorder, health) {
  let slow = 0;
  setInterval(() => {
    const fps = health.picture?.fps ?? null;
    const recording = recorder.snapshot.phase === "recording";
    slow = recording && fps !== null && fps < SLOW_FPS ? slow + 1 : 0;
    if (slow === SLOW_LOOKS) void recorder.lower(LOWER_PX);
  }, LOOK_MS);
}
