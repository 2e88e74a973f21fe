// The desk by keyboard: J, K, L as film editors use them, figures for points, brackets for chapters.

const SKIP_S = 5;
const REMEMBERED = "greenroom-desk-keys";

/** @param {{chapters: import("./desk_chapters.js").Chapters, players: import("./desk_players.js").Players, form: HTMLFormElement}} given */
export function listenToKeys({ chapters, players, form }) {
  const on = /** @type {HTMLInputElement} */ (document.querySelector("#keys-on"));
  on.checked = localStorage.getItem(REMEMBERED) !== "off";
  on.addEventListener("change", () => localStorage.setItem(REMEMBERED, on.checked ? "on" : "off"));
  let rated = 0;
  form.addEventListener("focusin", (event) => {
    const place = fieldsets(form).findIndex((one) =>
      one.contains(/** @type {Node} */ (event.target)),
    );
    if (place >= 0) rated = place;
  });
  document.addEventListener("keydown", (event) => {
    if (!on.checked || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target))
      return;
    const key = event.key.toLowerCase();
    if (key === "k") players.toggle();
    else if (key === "j") players.skip(-SKIP_S);
    else if (key === "l") players.skip(SKIP_S);
    else if (key === "[") chapters.step(-1);
    else if (key === "]") chapters.step(1);
    else if (/^\d$/.test(key) && "open" in form.dataset) {
      rate(fieldsets(form)[rated], key === "0" ? "10" : key);
      rated = Math.min(rated + 1, fieldsets(form).length - 1);
    } else return;
    event.preventDefault();
  });
}

/** @param {HTMLFormElement} form @returns {HTMLFieldSetElement[]} */
function fieldsets(form) {
  return [...form.querySelectorAll(/** @type {"fieldset"} */ ("fieldset[data-competency]"))];
}

/** @param {HTMLFieldSetElement | undefined} competency @param {string} points */
function rate(competency, points) {
  const choice = competency?.querySelector(`input[value="${points}"]`);
  if (!(choice instanceof HTMLInputElement)) return;
  choice.checked = true;
  choice.focus();
  choice.dispatchEvent(new Event("input", { bubbles: true }));
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return (
    target instanceof HTMLTextAreaElement ||
    (target instanceof HTMLInputElement && !["radio", "checkbox"].includes(target.type)) ||
    target instanceof HTMLSelectElement
  );
}
