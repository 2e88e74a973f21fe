// The bar of weights follows what is typed; the server draws the first one and has the last word.

const bar = /** @type {SVGElement} */ (document.querySelector(".weights"));
const total = /** @type {HTMLElement} */ (document.querySelector("#weights-total"));
const parts = /** @type {SVGRectElement[]} */ ([...bar.querySelectorAll("[data-weight]")]);

function draw() {
  let sum = 0;
  for (const part of parts) {
    const field = document.getElementById(part.dataset.weight ?? "");
    const typed = field instanceof HTMLInputElement ? Number(field.value) : 0;
    const weight = Number.isFinite(typed) && typed > 0 ? typed : 0;
    part.setAttribute("x", String(sum));
    part.setAttribute("width", String(weight));
    sum += weight;
  }
  const rounded = Math.round(sum * 1e6) / 1e6;
  const figure = total.querySelector("b");
  if (figure && figure.textContent !== String(rounded)) figure.textContent = String(rounded);
  total.className = rounded === 100 ? "reached" : "missed";
}

bar.closest("form")?.addEventListener("input", draw);
draw(); // a browser that came back has kept what was typed
