// Images on the screen.

/** To the nearest whole number, and halfway to the even one, as NumPy's rint has it. */
export function rint(value) {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** Float32 in [-1, 1] -> levels 0..255, as tfgan_suite.images.to_uint8 has them. */
export function levels(image) {
  return Uint8Array.from(image, (value) =>
    Math.min(255, Math.max(0, rint(Math.fround(Math.fround(value + 1) * 127.5)))));
}

/** Draws levels (H, W, C), C of 1 to 4: grey, grey and alpha, RGB, RGB and alpha. */
export function draw(canvas, pixels, [height, width, channels]) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const colours = channels > 2 ? 3 : 1;
  const picture = new ImageData(width, height);
  for (let index = 0; index < width * height; index++) {
    const from = index * channels;
    for (let colour = 0; colour < 3; colour++) {
      picture.data[index * 4 + colour] = pixels[from + Math.min(colour, colours - 1)];
    }
    picture.data[index * 4 + 3] = channels > colours ? pixels[from + colours] : 255;
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
}
