// Camera and screen in step; the timeline and the transcript follow, and lead where they are pressed.

/** Further apart than this and the follower is moved: one frame at 10 a second. */
const APART_S = 0.1;

export class Players {
  #chapters;
  /** @type {number | null} where a clip ends, s */
  #until = null;

  /** @param {import("./desk_chapters.js").Chapters} chapters */
  constructor(chapters) {
    this.#chapters = chapters;
    for (const video of document.querySelectorAll("video")) {
      if ("main" in video.dataset) this.#lead(video);
    }
    for (const line of document.querySelectorAll(".timeline-svg")) this.#seekOn(line);
    chapters.addEventListener("open", () => this.#pauseOthers());
    document.addEventListener("click", (event) => this.#clip(event));
  }

  /** The player with which the reader works. @returns {HTMLVideoElement | null} */
  get main() {
    return this.#chapters.body?.querySelector("video[data-main]") ?? null;
  }

  toggle() {
    const video = this.main;
    if (!video) return;
    this.#until = null;
    if (video.paused) void video.play().catch(() => {});
    else video.pause();
  }

  /** @param {number} seconds */
  skip(seconds) {
    const video = this.main;
    if (!video) return;
    this.#until = null;
    const end = Number.isFinite(video.duration) ? video.duration : Number.POSITIVE_INFINITY;
    video.currentTime = Math.min(Math.max(0, video.currentTime + seconds), end);
  }

  /** @param {HTMLVideoElement} video */
  #lead(video) {
    /** @type {HTMLVideoElement[]} */
    const followers = [
      ...(video.parentElement?.querySelectorAll(/** @type {"video"} */ ("video[data-follows]")) ??
        []),
    ];
    const inStep = () => {
      for (const follower of followers) {
        const at = Math.max(0, video.currentTime - Number(follower.dataset.offset));
        if (Math.abs(follower.currentTime - at) > APART_S) follower.currentTime = at;
      }
    };
    video.addEventListener("play", () => {
      inStep();
      for (const follower of followers) void follower.play().catch(() => {});
    });
    video.addEventListener("pause", () => {
      for (const follower of followers) follower.pause();
      inStep();
    });
    video.addEventListener("seeked", inStep);
    video.addEventListener("ratechange", () => {
      for (const follower of followers) follower.playbackRate = video.playbackRate;
    });
    video.addEventListener("timeupdate", () => {
      inStep();
      this.#show(video);
      if (this.#until !== null && video.currentTime >= this.#until) {
        this.#until = null;
        video.pause();
      }
    });
  }

  /** The playhead, and what is being said. @param {HTMLVideoElement} video */
  #show(video) {
    const line = document.querySelector(`.timeline-svg[data-video="${video.id}"]`);
    if (line instanceof SVGSVGElement) {
      const share = video.currentTime / Number(line.dataset.duration);
      line.querySelector(".playhead")?.setAttribute("x", (share * 1000).toFixed(1));
    }
    const spoken = document.querySelector(`.transcript[data-video="${video.id}"]`);
    for (const part of spoken?.querySelectorAll("li") ?? []) {
      const now =
        video.currentTime >= Number(part.dataset.start) &&
        video.currentTime < Number(part.dataset.end);
      if (now === part.hasAttribute("aria-current")) continue;
      part.toggleAttribute("aria-current", now);
      if (now && spoken)
        spoken.scrollTop = part.offsetTop - /** @type {HTMLElement} */ (spoken).offsetTop - 40;
    }
  }

  /** @param {Element} line */
  #seekOn(line) {
    if (!(line instanceof SVGSVGElement)) return;
    const video = document.getElementById(line.dataset.video ?? "");
    line.addEventListener("pointerdown", (event) => {
      if (!(video instanceof HTMLVideoElement)) return;
      const box = line.getBoundingClientRect();
      this.#until = null;
      video.currentTime = ((event.clientX - box.left) / box.width) * Number(line.dataset.duration);
      this.#show(video);
    });
  }

  /** A clip plays here from its start to its end. @param {MouseEvent} event */
  #clip(event) {
    if (!(event.target instanceof Element)) return;
    const clip = /** @type {HTMLElement | null} */ (event.target.closest("a[data-video]"));
    const video = clip && document.getElementById(clip.dataset.video ?? "");
    if (!clip || !(video instanceof HTMLVideoElement)) return;
    event.preventDefault();
    this.#chapters.reveal(video);
    const offset = "follows" in video.dataset ? Number(video.dataset.offset) : 0;
    const main = this.main;
    if (!main) return;
    main.currentTime = Number(clip.dataset.start) + offset;
    this.#until = Number(clip.dataset.end) + offset;
    void main.play().catch(() => {}); // not allowed or not playable: the player itself says so
  }

  #pauseOthers() {
    for (const video of document.querySelectorAll("video"))
      if (!this.#chapters.body?.contains(video)) video.pause();
  }
}
