/** Measures the sound's power ten times a second, off the page's thread. */

// The worklet's own globals, which TypeScript's DOM library does not know.
/** @type {any} */
const scope = globalThis;

class LevelMeter extends scope.AudioWorkletProcessor {
  constructor() {
    super();
    this.sum = 0;
    this.count = 0;
  }

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    for (const sample of inputs[0]?.[0] ?? []) this.sum += sample * sample;
    this.count += inputs[0]?.[0]?.length ?? 0;
    if (this.count >= scope.sampleRate / 10) {
      this.port.postMessage(this.sum / this.count);
      this.sum = 0;
      this.count = 0;
    }
    return true;
  }
}

scope.registerProcessor("level-meter", LevelMeter);
