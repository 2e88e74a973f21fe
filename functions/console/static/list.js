// Ticks: all of the page at once, how many there are; and a form that says that it is at work, and is sent once.

/** @param {HTMLElement} head @param {HTMLInputElement[]} boxes @param {HTMLElement} count */
function tickAll(head, boxes, count) {
  const all = document.createElement("input");
  all.type = "checkbox";
  const words = head.querySelector("span");
  const label = document.createElement("label");
  label.append(all);
  if (words) label.append(words);
  head.replaceChildren(label);
  const tell = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
    count.textContent = `${count.dataset.text} ${ticked}`;
  };
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    tell();
  });
  for (const box of boxes) box.addEventListener("change", tell);
  tell();
}

const head = document.querySelector("#tick-head");
const count = document.querySelector("#ticked");
if (head instanceof HTMLElement && count instanceof HTMLElement) {
  tickAll(
    head,
    [...document.querySelectorAll("input")].filter((box) => box.name.startsWith("tick-")),
    count,
  );
}

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button");
    if (!button) return;
    button.textContent = button.dataset.working ?? "";
    button.setAttribute("role", "status");
    button.disabled = true;
  });
}
// Who comes back by the browser's own button finds the form as it was left.
addEventListener("pageshow", (event) => event.persisted && location.reload());
