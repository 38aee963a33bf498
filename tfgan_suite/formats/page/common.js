// What the page of a generator and that of a translator share.

import { encoded } from "./png.js";

/** The element of an id. */
export const element = (id) => document.getElementById(id);

/** The room for a picture in a mat, [height, width] in pixels of the screen. */
export function room(mat) {
  const wide = mat.clientWidth - 2 * parseFloat(getComputedStyle(mat).paddingLeft);
  const share = matchMedia("(max-width: 38rem)").matches ? 0.36 : 0.55; // of the window's height
  return [Math.max(220, window.innerHeight * share), wide];
}

/** How large a pixel of a picture is shown in a room: a whole number where it has the room. */
export function scaleIn([high, wide], [height, width]) {
  const scale = Math.min(wide / width, high / height);
  return scale >= 1 ? Math.floor(scale) : scale;
}

/** Shows a canvas at so many pixels of the screen for each of its own. */
export function grow(canvas, [height, width], scale) {
  Object.assign(canvas.style, { width: `${width * scale}px`, height: `${height * scale}px` });
}

/** Saves levels (H, W, C) as a PNG file that bears a mark. */
export async function download(name, pixels, shape, facts) {
  const file = await encoded(pixels, shape, facts);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `${name}.png`.replace(/[^\p{L}\p{N}.]+/gu, "_");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  element("status").textContent = `Saved ${link.download}`;
}

const KINDS = ["grey", "grey and alpha", "colour", "colour and alpha"];

/** A size and channels in words: "64 × 64 pixels, colour". */
export const shapeWords = ([height, width, channels]) => `${width} × ${height} pixels, ${KINDS[channels - 1]}`;

/** Says in the page what a card says of the model; `sizes` are words of its pictures. */
export function addFacts(card, subtitle, sizes) {
  element("name").textContent = card.model ?? card.name;
  element("subtitle").textContent = subtitle;
  document.title = card.name;
  element("facts").textContent = [
    sizes,
    ...(card.parameters ? [`${card.parameters.toLocaleString("en")} weights`] : []),
    ...(card.licence ? [`licence of the data: ${card.licence}`] : []),
    card.made_by,
  ].join(" · ");
}

/** Says that the first picture is there. */
export function tellFirst() {
  const milliseconds = performance.now();
  element("progress").hidden = true;
  element("first-picture").textContent = `${(milliseconds / 1000).toFixed(1)} s`;
  element("first-picture").dataset.milliseconds = milliseconds.toFixed(0);
  element("timing").hidden = false;
}

/** Says what went wrong, where nothing can be done about it on this page. */
export function fail(error) {
  element("message").textContent = `This cannot go on: ${error.message ?? error}`;
  element("message").setAttribute("role", "alert");
  element("progress").hidden = true;
  console.error(error);
}
