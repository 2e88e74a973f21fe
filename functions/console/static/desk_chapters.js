// One chapter at a time: the question that is looked at.

export class Chapters extends EventTarget {
  /** @type {HTMLAnchorElement[]} */
  #links = [...document.querySelectorAll(/** @type {"a"} */ ("a[data-chapter]"))];
  /** @type {HTMLElement[]} */
  #bodies = [...document.querySelectorAll(/** @type {"section"} */ ("[data-chapter-body]"))];
  #current = 0;

  constructor() {
    super();
    for (const [number, link] of this.#links.entries())
      link.addEventListener("click", (event) => {
        event.preventDefault();
        this.open(number, true);
      });
    const wanted = this.#bodies.findIndex((body) => `#${body.id}` === location.hash);
    this.open(Math.max(0, wanted), false);
  }

  /** The section that is shown. */
  get body() {
    return this.#bodies[this.#current];
  }

  /** @param {number} number @param {boolean} focus whether the reader's place moves there too */
  open(number, focus) {
    const body = this.#bodies[number];
    if (!body) return;
    this.#current = number;
    for (const other of this.#bodies) other.hidden = other !== body;
    for (const [place, link] of this.#links.entries()) {
      if (place === number) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    if (focus) body.querySelector("h2")?.focus();
    this.dispatchEvent(new Event("open"));
  }

  /** @param {number} by */
  step(by) {
    this.open(this.#current + by, true);
  }

  /** Open the chapter in which this lies. @param {Element} inside */
  reveal(inside) {
    const number = this.#bodies.findIndex((body) => body.contains(inside));
    if (number >= 0 && number !== this.#current) this.open(number, false);
  }
}
