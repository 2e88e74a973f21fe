/** Live measures of a stream, cheap enough to run beside the recording: real frame rate, the picture, the sound. */

const WIDTH = 32;
const HEIGHT = 24;
const LOOK_MS = 1000;
const FPS_OVER_MS = 2000;
/** Standard deviation of a 32 × 24 gray picture: below 1 it is black or covered evenly, a room has about 60. */
const FLAT = 2;
const DARK = 24;
/** Mean difference between two looks; a camera's own noise is above it. */
const FROZEN = 0.02;
const FROZEN_LOOKS = 3;
const QUIET = { latencyHint: "playback", sinkId: { type: "none" } };
/** Ten seconds of levels, ten a second. */
const LEVELS = 100;
const SPEECH = 0.9;
const NOISE = 0.1;

/** @typedef {"ok" | "black" | "frozen" | "covered" | "muted" | "absent"} PictureState */

export class PictureMeter {
  #video = document.createElement("video");
  #canvas = document.createElement("canvas");
  #context;
  /** What was counted at each look. @type {{at: number, frames: number}[]} */
  #counts = [];
  /** Counted only where nothing else tells: being called for each frame costs as much as drawing it. */
  #drawn = 0;
  #countsDrawn = false;
  /** @type {Uint8ClampedArray | null} */
  #last = null;
  #still = 0;
  #track;
  #timer;
  /** @type {PictureState} */
  #seen = "ok";

  /** @param {MediaStream} stream */
  constructor(stream) {
    const [track] = stream.getVideoTracks();
    this.#track = track ?? null;
    this.#canvas.width = WIDTH;
    this.#canvas.height = HEIGHT;
    this.#context = this.#canvas.getContext("2d", { willReadFrequently: true });
    this.#video.muted = true;
    this.#video.playsInline = true;
    this.#video.srcObject = new MediaStream(stream.getVideoTracks()); // sound that nobody hears costs too
    void this.#video.play().catch(() => {});
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Frames a second that really came, over two seconds or a little more; null where they cannot be counted. */
  get fps() {
    const first = this.#counts[0];
    const last = this.#counts.at(-1);
    if (!first || !last || last.at - first.at < FPS_OVER_MS) return null;
    return ((last.frames - first.frames) * 1000) / (last.at - first.at);
  }

  get size() {
    return { width: this.#video.videoWidth, height: this.#video.videoHeight };
  }

  /** @returns {PictureState} */
  get state() {
    if (!this.#track || this.#track.readyState === "ended") return "absent";
    return this.#track.muted ? "muted" : this.#seen;
  }

  stop() {
    clearInterval(this.#timer);
    this.#video.srcObject = null;
  }

  /**
   * The frames that came, not those that were drawn: while another tab is in front nothing is drawn. Firefox tells of a
   * live stream only what is drawn; there nothing is known while the page is hidden.
   */
  #count() {
    const at = performance.now();
    const came = this.#video.getVideoPlaybackQuality().totalVideoFrames;
    if (came === 0 && this.#video.readyState >= 2 && !this.#countsDrawn) {
      this.#countsDrawn = true;
      this.#countDrawn();
    }
    if (came === 0 && document.hidden) this.#counts = [];
    else this.#counts.push({ at, frames: came || this.#drawn });
    while (at - (this.#counts[1]?.at ?? at) >= FPS_OVER_MS) this.#counts.shift();
  }

  #countDrawn() {
    this.#video.requestVideoFrameCallback?.(() => {
      this.#drawn += 1;
      this.#countDrawn();
    });
  }

  #look() {
    this.#count();
    if (!this.#context || this.#video.readyState < 2) return;
    this.#context.drawImage(this.#video, 0, 0, WIDTH, HEIGHT);
    const { data } = this.#context.getImageData(0, 0, WIDTH, HEIGHT);
    const { mean, deviation } = spread(data);
    this.#still = this.#last && difference(data, this.#last) < FROZEN ? this.#still + 1 : 0;
    this.#last = data;
    if (deviation < FLAT) this.#seen = mean < DARK ? "black" : "covered";
    else this.#seen = this.#still >= FROZEN_LOOKS ? "frozen" : "ok";
  }
}

export class SoundMeter {
  /** @type {number[]} */
  #powers = [];
  /** @type {AudioContext | null} */
  #context = null;

  /** @param {MediaStream} stream */
  async start(stream) {
    // Nothing is to be heard, and nothing is in a hurry: no device for it, and few large blocks.
    const context = new AudioContext(/** @type {AudioContextOptions} */ (QUIET));
    this.#context = context;
    await context.audioWorklet.addModule(new URL("./level_worklet.js", import.meta.url));
    const meter = new AudioWorkletNode(context, "level-meter", { numberOfOutputs: 0 });
    meter.port.onmessage = ({ data }) => {
      this.#powers.push(data);
      if (this.#powers.length > LEVELS) this.#powers.shift();
    };
    context.createMediaStreamSource(new MediaStream(stream.getAudioTracks())).connect(meter);
  }

  /** The last level in dBFS, null before there is one. */
  get levelDbfs() {
    const power = this.#powers.at(-1);
    return power === undefined ? null : decibels(power);
  }

  /** Speech (90th percentile) over noise (10th) of the last ten seconds in dB; null with less than three. */
  get snrDb() {
    if (this.#powers.length < 30) return null;
    const sorted = [...this.#powers].sort((a, b) => a - b);
    const at = (/** @type {number} */ share) =>
      sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    return decibels(at(SPEECH)) - decibels(at(NOISE));
  }

  async stop() {
    await this.#context?.close();
  }
}

/** @param {number} power */
const decibels = (power) => Math.max(-100, 10 * Math.log10(power + 1e-12));

/** @param {Uint8ClampedArray} pixels RGBA */
function spread(pixels) {
  let sum = 0;
  let squares = 0;
  for (let index = 0; index < pixels.length; index += 4) {
    const gray = ((pixels[index] ?? 0) + (pixels[index + 1] ?? 0) + (pixels[index + 2] ?? 0)) / 3;
    sum += gray;
    squares += gray * gray;
  }
  const count = pixels.length / 4;
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)) };
}

/** @param {Uint8ClampedArray} one @param {Uint8ClampedArray} other */
function difference(one, other) {
  let sum = 0;
  for (let index = 0; index < one.length; index += 1)
    sum += Math.abs((one[index] ?? 0) - (other[index] ?? 0));
  return sum / one.length;
}
