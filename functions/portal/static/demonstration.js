/** About a minute of what will happen, scene by scene; it can be paused and left at any time. */

import { all, find, onPress, pressed, show } from "./screens.js";

const SCENE_MS = 9000;

/** Resolves when the candidate goes on; true when all scenes were shown. @returns {Promise<boolean>} */
export async function demonstrate() {
  show("demonstration");
  const film = find("#film", HTMLElement);
  const scenes = all("#film-words [data-scene]").length;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let scene = 0;
  let paused = still;
  const draw = () => {
    film.dataset.scene = String(scene);
    for (const part of film.querySelectorAll("[data-scene]"))
      part.toggleAttribute("data-now", part.getAttribute("data-scene") === String(scene));
  };
  const timer = setInterval(() => {
    if (paused || scene >= scenes - 1) return;
    scene += 1;
    draw();
  }, SCENE_MS);
  onPress("demonstration-pause", (button) => {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
  });
  draw();
  await pressed("demonstration-done");
  clearInterval(timer);
  return scene >= scenes - 1;
}
