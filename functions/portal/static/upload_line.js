/** One quiet line under every screen of the recording: how much is on its way, or why it waits. */

import { all } from "./screens.js";

/** @param {import("./uploader.js").Uploader} uploader @param {Record<string, string>} texts */
export function showUploads(uploader, texts) {
  const draw = () => {
    const { state, pendingParts, pendingBytes } = uploader.status;
    const words = texts[state] ?? (pendingParts > 0 ? texts.sending : texts.sent) ?? "";
    const size = pendingBytes > 0 ? ` · ${(pendingBytes / 1e6).toFixed(1)} MB` : "";
    for (const line of all("[data-upload]")) {
      line.textContent = words + size;
      line.dataset.state = state;
    }
  };
  uploader.addEventListener("change", draw);
  draw();
}
