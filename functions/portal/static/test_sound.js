/** A test sound made in the page: two soft tones. */

const LASTS_MS = 1100;
/** A computer without any loudspeaker never starts; then there is nothing to be heard, and that may be said. */
const STARTS_WITHIN_MS = 1000;

/** @param {number} ms @returns {Promise<void>} */
const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function playTestSound() {
  const context = new AudioContext();
  await Promise.race([context.resume(), after(STARTS_WITHIN_MS)]);
  for (const [start, hertz] of /** @type {const} */ ([
    [0, 523.25],
    [0.35, 659.25],
  ])) {
    const tone = context.createOscillator();
    const volume = context.createGain();
    const at = context.currentTime + start;
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.25, at + 0.05);
    volume.gain.linearRampToValueAtTime(0, at + 0.6);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + 0.65);
  }
  await after(LASTS_MS);
  void context.close();
}
