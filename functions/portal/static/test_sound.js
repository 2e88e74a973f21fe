/** A test sound made in the page: two soft tones. */

export async function playTestSound() {
  const context = new AudioContext();
  await context.resume();
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
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await context.close();
}
