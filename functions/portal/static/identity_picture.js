/** A photograph of what a stream shows, small enough for the server. */

const MOST_BYTES = 2 * 2 ** 20;

/** @param {HTMLVideoElement} video that plays @returns {Promise<Blob>} a JPEG of at most 2 MiB */
export async function photograph(video) {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  for (const quality of [0.92, 0.8, 0.6, 0.4]) {
    /** @type {Blob | null} */
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
    if (blob && blob.size <= MOST_BYTES) return blob;
  }
  throw new Error("the camera's picture cannot be made small enough");
}
