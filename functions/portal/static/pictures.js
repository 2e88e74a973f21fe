/** Live pictures in their frames. Only those on the screen that is shown run: each costs processor time, seen or not. */

import { all, find } from "./screens.js";

/** Picture alone, by frame: sound that nobody hears costs too. @type {Map<string, MediaStream | null>} */
const streams = new Map();

document.addEventListener("screen", draw);

/** Put a stream's picture into every frame of a kind. @param {string} frame @param {MediaStream | null} stream */
export function picture(frame, stream) {
  streams.set(frame, stream && new MediaStream(stream.getVideoTracks()));
  draw();
}

function draw() {
  for (const [frame, stream] of streams)
    for (const box of all(`[${frame}]`)) {
      const video = find("video", HTMLVideoElement, box);
      const screen = box.closest("[data-screen]");
      const wanted = screen instanceof HTMLElement && screen.hidden ? null : stream;
      if (video.srcObject !== wanted) video.srcObject = wanted;
      for (const words of all("p:not(.live)", box)) words.hidden = stream !== null;
      if (wanted) void video.play().catch(() => {});
    }
}
