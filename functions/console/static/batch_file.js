// A sheet from a file: its text goes into the form, where it can be looked at and changed.

const file = /** @type {HTMLInputElement | null} */ (document.getElementById("sheet-file"));
const sheet = /** @type {HTMLTextAreaElement | null} */ (
  document.querySelector("[name=candidates]")
);

/** Excel saves UTF-8 with a mark, UTF-16 with a mark, or GB18030: whose bytes are hardly ever good UTF-8.
 * @param {ArrayBuffer} bytes */
function text(bytes) {
  const [first, second] = new Uint8Array(bytes);
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
}

if (file && sheet) {
  /** @type {HTMLElement} */ (file.closest("label")).hidden = false;
  file.addEventListener("change", async () => {
    const chosen = file.files?.[0];
    if (chosen) sheet.value = text(await chosen.arrayBuffer());
  });
}
