// Pictures of any size brought to that of the translator, as training brought its own: tfgan_suite.images.convert, to a
// level, by which roundings differ. What a canvas does when it makes a picture smaller differs from browser to browser.

import { rint } from "./picture.js";

const STRIP = 64; // rows of a picture that are looked at together, so that no large one is held twice

const clipped = (value) => Math.min(255, Math.max(0, value));
const greyOf = (red, green, blue) => (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;

// Keys, 1981, with a of -1/2.
function cubic(x) {
  const far = Math.abs(x);
  if (far < 1) return (1.5 * far - 2.5) * far * far + 1;
  return far < 2 ? ((-0.5 * far + 2.5) * far - 4) * far + 2 : 0;
}

// For each of `count` new pixels the first of the old ones between `start` and `end` that it is made of, and weights.
function smoothed(start, end, size, count) {
  const scale = (end - start) / count;
  const wider = Math.max(1, scale);
  return Array.from({ length: count }, (_, index) => {
    const centre = start + (index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - 2 * wider + 0.5));
    const last = Math.min(size, Math.trunc(centre + 2 * wider + 0.5));
    const weights = Array.from({ length: last - first }, (_, x) => cubic((x + first - centre + 0.5) / wider));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

// The same, of the nearest pixel alone: for maps of labels, which have nothing between them.
function nearest(start, end, size, count) {
  return Array.from({ length: count }, (_, index) => {
    const place = Math.floor(start + ((index + 0.5) * (end - start)) / count);
    return { first: Math.min(place, size - 1), weights: [1] };
  });
}

// One new number: old ones from `at` on, `step` apart.
function weighed(pixels, at, step, weights) {
  let sum = 0.5;
  for (let index = 0; index < weights.length; index++) sum += pixels[at + index * step] * weights[index];
  return clipped(Math.floor(sum));
}

// A level on the background, as far as it is seen through.
function composed(level, alpha, behind) {
  if (alpha === 255) return level;
  const total = 128 * (level * alpha + behind * (255 - alpha) + 128);
  return Math.floor((Math.floor(total / 256) + total) / 2 ** 15);
}

// RGBA, of which n pixels -> n pixels of `channels`: on the background, and grey where the translator is.
function converted(rgba, channels, background) {
  if (channels === 4) return weighedByAlpha(rgba);
  const made = new Uint8Array((rgba.length / 4) * channels);
  const [behindRed, behindGreen, behindBlue] = background;
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += channels) {
    const alpha = rgba[from + 3];
    const red = composed(rgba[from], alpha, behindRed);
    const green = composed(rgba[from + 1], alpha, behindGreen);
    const blue = composed(rgba[from + 2], alpha, behindBlue);
    made[to] = channels === 1 ? greyOf(red, green, blue) : red;
    if (channels === 3) [made[to + 1], made[to + 2]] = [green, blue];
  }
  return made;
}

// Colours weighed by their opacity, so that what cannot be seen does not show at edges, and back.
function weighedByAlpha(rgba) {
  return Uint8Array.from(rgba, (level, at) => {
    const value = level * rgba[at | 3] + 128;
    return at % 4 === 3 ? level : ((value >> 8) + value) >> 8;
  });
}

function unweighed(pixels) {
  return pixels.map((level, at) => {
    const alpha = pixels[at | 3];
    return at % 4 === 3 || alpha === 0 || alpha === 255 ? level : clipped(Math.floor((255 * level) / alpha));
  });
}

// The part of a picture that is kept, and the size that it gets, both [height, width]; the part begins at [top, left].
function plan(old, size, fit) {
  const [height, width] = size;
  const [h, w] = old;
  if (fit === "pad" && h * width !== w * height) {
    const scale = Math.min(width / w, height / h);
    return { start: [0, 0], part: old, inner: [Math.max(1, rint(h * scale)), Math.max(1, rint(w * scale))] };
  }
  if (fit !== "crop" || w / h === width / height) return { start: [0, 0], part: old, inner: size };
  const part = w / h >= width / height ? [h, (width / height) * h] : [w / (width / height), w];
  return { start: [(h - part[0]) * 0.5, (w - part[1]) * 0.5], part, inner: size };
}

/**
 * The levels of a picture, Uint8Array (H, W, C), at the size and with the channels that the translator takes.
 *
 * `picture` has `width`, `height` and `rows(top, count)`, which gives RGBA; `card` is the translator's.
 */
export function fitted(picture, card) {
  const [height, width, all] = card.source_shape;
  const channels = all - card.has_mask;
  const isWhole = picture.height === height && picture.width === width;
  if (channels === 4 && isWhole) return Uint8Array.from(picture.rows(0, height)); // of which no colour is rounded
  const background = [1, 3, 5].map((at) => parseInt(card.background.slice(at, at + 2), 16));
  const { start, part, inner } = plan([picture.height, picture.width], [height, width], card.fit);
  const spread = card.source_kind === "labels" ? nearest : smoothed;
  const [down, right] = [picture.height, picture.width].map((size, axis) =>
    spread(Math.fround(start[axis]), Math.fround(start[axis] + part[axis]), size, inner[axis]));
  // First the rows that are needed, each at its new width; then the columns of these.
  const top = down[0].first;
  const bottom = down.reduce((most, { first, weights }) => Math.max(most, first + weights.length), 0);
  const line = inner[1] * channels;
  const narrow = new Uint8Array((bottom - top) * line);
  for (let y = top; y < bottom; y += STRIP) {
    const count = Math.min(STRIP, bottom - y);
    const strip = converted(picture.rows(y, count), channels, background);
    for (let row = 0; row < count; row++) {
      for (let x = 0; x < inner[1]; x++) {
        const from = (row * picture.width + right[x].first) * channels;
        for (let channel = 0; channel < channels; channel++) {
          narrow[(y - top + row) * line + x * channels + channel] =
            weighed(strip, from + channel, channels, right[x].weights);
        }
      }
    }
  }
  const made = padding(height * width, channels, background);
  const edge = [Math.floor((height - inner[0]) / 2), Math.floor((width - inner[1]) / 2)];
  for (let y = 0; y < inner[0]; y++) {
    const to = ((y + edge[0]) * width + edge[1]) * channels;
    const { first, weights } = down[y];
    for (let at = 0; at < line; at++) made[to + at] = weighed(narrow, (first - top) * line + at, line, weights);
  }
  return channels === 4 ? unweighed(made) : made;
}

function padding(count, channels, background) {
  const pixel = channels === 1 ? [greyOf(...background)] : [...background, 255].slice(0, channels);
  return Uint8Array.from({ length: count * channels }, (_, index) => pixel[index % channels]);
}
