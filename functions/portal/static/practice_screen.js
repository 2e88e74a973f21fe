/** 模拟录制 on the page: record, look at it, go on. What is recorded stays in this page's memory. */

import { picture } from "./pictures.js";
import { Practice } from "./practice.js";
import { find, offer, onPress, pressed, show } from "./screens.js";

/** @param {MediaStream} stream @param {import("./steps.js").Steps} steps */
export async function practise(stream, steps) {
  const practice = new Practice(stream);
  const box = find("#practice-playback", HTMLElement);
  const playback = find("video", HTMLVideoElement, box);
  const ready = (/** @type {boolean} */ recording) => {
    offer("practice-start", !recording);
    offer("practice-stop", recording);
  };
  onPress("practice-start", () => {
    box.hidden = true;
    practice.record();
    ready(true);
  });
  onPress("practice-stop", async () => {
    ready(false);
    playback.src = await practice.stop();
    box.hidden = false;
  });
  ready(false);
  picture("data-selfview", stream);
  show("practice");
  await pressed("practice-done");
  playback.removeAttribute("src");
  practice.forget();
  await steps.report("practice_done", {});
}
