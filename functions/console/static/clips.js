// A clip plays in this page's player; without this script its link plays it in the browser's own.

/** @param {HTMLVideoElement} video @param {number} start seconds @param {number} end seconds */
function play(video, start, end) {
  const stop = () => {
    if (video.currentTime >= end) {
      video.pause();
      video.removeEventListener("timeupdate", stop);
    }
  };
  video.addEventListener("timeupdate", stop);
  video.currentTime = start;
  video.scrollIntoView({ block: "center", behavior: "smooth" });
  video.focus({ preventScroll: true });
  video.play().catch(() => {}); // not allowed or not playable: the player itself says so
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const clip = /** @type {HTMLElement | null} */ (event.target.closest("a[data-video]"));
  const video = clip && document.getElementById(clip.dataset.video ?? "");
  if (clip && video instanceof HTMLVideoElement) {
    event.preventDefault();
    play(video, Number(clip.dataset.start), Number(clip.dataset.end));
  }
});
