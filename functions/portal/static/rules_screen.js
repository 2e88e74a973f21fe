/** The rules and the separate consents; 同意并开始 keeps them on the server. */

import { find, show } from "./screens.js";

/** @param {import("./api.js").Api} api @param {import("./types.js").InterviewView} view @returns {Promise<Record<string, boolean>>} the consents as the server keeps them */
export function agree(api, view) {
  show("rules");
  const form = find("#consents", HTMLFormElement);
  const missing = find("#consent-missing", HTMLElement);
  const stop = new AbortController();
  return new Promise((resolve, reject) => {
    let sending = false;
    const submit = async (/** @type {Event} */ event) => {
      event.preventDefault();
      const boxes = [...form.querySelectorAll("input")];
      const given = Object.fromEntries(boxes.map((box) => [box.name, box.checked]));
      missing.hidden = given.recording === true;
      if (!given.recording || sending) return;
      sending = true;
      try {
        const kept = await api.put("/v1/candidate/consents", { ...view.consents, ...given });
        stop.abort();
        resolve(kept);
      } catch (error) {
        stop.abort();
        reject(error);
      }
    };
    form.addEventListener("submit", (event) => void submit(event), { signal: stop.signal });
  });
}
