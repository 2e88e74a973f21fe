/** What to record in: the cheapest format that this browser can write and our server can join. */

/**
 * H.264 costs half the processor time of VP8 and gives about half the rate it is asked for; VP9 gives twice.
 * Rates aim at 1.5 Mbit/s for 720p, 1 Mbit/s for a screen: measured, see docs/recorder.md.
 * @type {[mimeType: string, rate: number][]}
 */
const FORMATS = [
  ["video/x-matroska;codecs=avc1,opus", 2],
  ["video/webm;codecs=h264,opus", 2],
  ["video/webm;codecs=vp8,opus", 1],
  ["video/webm;codecs=vp9,opus", 0.5],
  ["video/mp4;codecs=avc1,mp4a.40.2", 1],
  ["video/mp4;codecs=avc1,opus", 1],
  ["video/webm", 1],
  ["video/mp4", 1],
];
const BITS_PER_SECOND = { camera: 1_500_000, screen: 1_000_000 };

/**
 * @param {import("./types.js").TrackName} track
 * @param {string} [mimeType] what earlier segments of the same track are in: only equal ones can be joined
 * @returns {MediaRecorderOptions | null} null where this browser cannot record
 */
export function formatFor(track, mimeType) {
  if (typeof MediaRecorder === "undefined") return null;
  const known = FORMATS.filter(([name]) => MediaRecorder.isTypeSupported(name));
  const [chosen, rate] = known.find(([name]) => name === mimeType) ?? known[0] ?? [null, 1];
  if (chosen === null) return null;
  return {
    mimeType: chosen,
    videoBitsPerSecond: BITS_PER_SECOND[track] * rate,
    audioBitsPerSecond: 64_000,
    // Parts then begin near key frames, and a player finds its way in a long answer.
    ...{ videoKeyFrameIntervalDuration: 2000 },
  };
}
