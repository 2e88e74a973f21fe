// The form is kept while it is filled in, so that closing the page loses nothing.

const QUIET_MS = 800;
const AGAIN_MS = 5000;

/** @param {HTMLFormElement} form */
export function keepDrafts(form) {
  const address = form.getAttribute("action") ?? ""; // `form.action` is a button of that name
  const line = /** @type {HTMLElement} */ (document.querySelector("#kept"));
  const words = {
    kept: document.querySelector("#text-kept")?.textContent ?? "",
    failed: document.querySelector("#text-failed")?.textContent ?? "",
  };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let changed = false;

  const body = () => {
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) fields.set(name, String(value));
    fields.set("action", "draft");
    return fields;
  };

  const keep = async () => {
    changed = false;
    try {
      const answer = await fetch(address, { method: "POST", body: body(), redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      line.textContent = words.kept;
    } catch {
      changed = true;
      line.textContent = words.failed;
      timer = setTimeout(keep, AGAIN_MS);
    }
  };

  form.addEventListener("input", () => {
    changed = true;
    clearTimeout(timer);
    timer = setTimeout(keep, QUIET_MS);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    changed = false;
  });
  addEventListener("pagehide", () => {
    if (changed) void fetch(address, { method: "POST", body: body(), keepalive: true });
  });
}
