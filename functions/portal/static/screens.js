/** The room's screens: one is shown at a time, its heading has the focus, changes are told to screen readers. */

/** @template {Element} T @param {string} selector @param {new () => T} kind @param {ParentNode} [within] @returns {T} throws where the page lacks it */
export function find(selector, kind, within = document) {
  const found = within.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`the page has no ${selector}`);
  return found;
}

/** @param {string} selector @param {ParentNode} [within] @returns {HTMLElement[]} */
export function all(selector, within = document) {
  return [...within.querySelectorAll(selector)].filter((found) => found instanceof HTMLElement);
}

/** The JSON that the server put into the page. @param {string} id @returns {any} */
export function island(id) {
  return JSON.parse(find(`#${id}`, HTMLScriptElement).textContent ?? "null");
}

let shown = "";

/** The name of the screen that is shown. */
export const current = () => shown;

/** Show one screen; its heading is focused, so that keyboard and screen reader begin there. @param {string} name */
export function show(name) {
  const wanted = hasScreen(name) ? name : "problem-other";
  if (wanted === shown) return;
  shown = wanted;
  for (const section of all("[data-screen]")) section.hidden = section.dataset.screen !== wanted;
  const section = find(`[data-screen="${wanted}"]`, HTMLElement);
  const steps = all("[data-step]", find("#progress", HTMLElement));
  const now = steps.findIndex((step) => step.dataset.step === section.dataset.step);
  steps.forEach((step, index) => {
    step.className = index < now ? "past" : "";
    if (index === now) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  });
  document.dispatchEvent(new CustomEvent("screen", { detail: wanted }));
  scrollTo({ top: 0 });
  all("h1", section)
    .find((heading) => heading.offsetParent !== null)
    ?.focus({ preventScroll: true });
}

/** @param {string} name */
export const hasScreen = (name) => document.querySelector(`[data-screen="${name}"]`) !== null;

/** Wait for one of the buttons named in `data-do`; a button that is pressed twice counts once. @param {...string} names @returns {Promise<string>} */
export function pressed(...names) {
  return new Promise((resolve) => {
    const buttons = names.flatMap((name) => all(`[data-do="${name}"]`));
    const stop = new AbortController();
    for (const button of buttons)
      button.addEventListener(
        "click",
        () => {
          stop.abort();
          resolve(button.dataset.do ?? "");
        },
        { signal: stop.signal },
      );
  });
}

/** @param {string} name @param {(button: HTMLElement) => void} then */
export function onPress(name, then) {
  for (const button of all(`[data-do="${name}"]`))
    button.addEventListener("click", () => then(button));
}

/** @param {string} name @param {boolean} visible */
export function offer(name, visible) {
  for (const button of all(`[data-do="${name}"]`)) button.hidden = !visible;
}

/** Tell without interrupting. @param {string} text */
export function say(text) {
  find("#polite", HTMLElement).textContent = text;
}

/** Tell at once. @param {string} text */
export function alertUser(text) {
  find("#assertive", HTMLElement).textContent = text;
}

/** Milliseconds as a clock, 135400 → 2:15. @param {number} ms */
export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
}
