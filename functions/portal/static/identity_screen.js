/** The identity pictures on the page: with their own consent, one after the other, or declined. */

import { photograph } from "./identity_picture.js";
import { all, find, offer, pressed, show } from "./screens.js";

/**
 * @param {object} given
 * @param {import("./api.js").Api} given.api
 * @param {import("./types.js").InterviewView} given.view
 * @param {MediaStream} given.camera
 * @param {import("./steps.js").Steps} given.steps
 */
export async function takeIdentity({ api, view, camera, steps }) {
  const missing = view.entry.identity.filter((picture) => !view.identity.includes(picture));
  if (missing.length === 0) return;
  const consent = find("#identity-consent", HTMLInputElement);
  const video = find("#identity-view video", HTMLVideoElement);
  const taken = find("#identity-taken", HTMLImageElement);
  const take = find('[data-do="identity-take"]', HTMLButtonElement);
  consent.addEventListener("change", () => {
    take.disabled = !consent.checked;
  });
  video.srcObject = camera;
  await video.play().catch(() => {});
  for (const picture of missing) {
    for (const heading of all("[data-identity]"))
      heading.hidden = heading.dataset.identity !== picture;
    show("identity");
    for (;;) {
      choose(false);
      taken.hidden = true;
      if ((await pressed("identity-take", "identity-decline")) === "identity-decline") return;
      const photo = await photograph(video);
      taken.src = await dataUrl(photo);
      taken.hidden = false;
      choose(true);
      const choice = await pressed("identity-use", "identity-again", "identity-decline");
      taken.removeAttribute("src");
      if (choice === "identity-decline") return;
      if (choice === "identity-again") continue;
      view.consents = await api.put("/v1/candidate/consents", { ...view.consents, identity: true });
      await api.put(`/v1/candidate/identity/${picture}`, photo);
      await steps.report("identity_taken", { picture });
      break;
    }
  }
}

/** @param {boolean} judged whether there is a picture to judge */
function choose(judged) {
  offer("identity-take", !judged);
  offer("identity-use", judged);
  offer("identity-again", judged);
}

/** The page's policy lets pictures come from data, not from blobs. @param {Blob} blob @returns {Promise<string>} */
function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
