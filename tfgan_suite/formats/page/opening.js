// Files of a person as pictures, or what is wrong with them in words.

const MOST_PIXELS = 100_000_000; // those of a phone have 50 million at most
const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const HEAD = 33; // bytes of a PNG file that say what it holds

/** What a person can do something about. */
export class Refusal extends Error {}

// Refuses by the first bytes what a browser would decode in vain, or wrongly.
async function look(file, name) {
  if (file.size === 0) throw new Refusal(`${name} is empty.`);
  const head = new DataView(await file.slice(0, HEAD).arrayBuffer());
  if (head.byteLength < HEAD || PNG.some((byte, index) => head.getUint8(index) !== byte)) return;
  refuseLarge(name, head.getUint32(16), head.getUint32(20));
  if (head.getUint8(24) > 8) {
    throw new Refusal(`${name} has 16 bits a channel, and this page reads 8. Save it with 8 bits.`);
  }
}

function refuseLarge(name, width, height) {
  if (width * height <= MOST_PIXELS) return;
  const millions = Math.round((width * height) / 1e6).toLocaleString("en");
  throw new Refusal(`${name} has ${millions} million pixels. Make it smaller: 100 million are the most.`);
}

/** A picture for `fitted`, turned as its EXIF says; a file that is none is refused in words. */
export async function opened(file) {
  const name = file.name || "The picture";
  await look(file, name);
  let bitmap;
  try {
    // As its numbers are, not as this screen would show them.
    bitmap = await createImageBitmap(file, { premultiplyAlpha: "none", colorSpaceConversion: "none" });
  } catch {
    throw new Refusal(`${name} is no picture that this browser can read. Choose a PNG or JPEG file.`);
  }
  const { width, height } = bitmap;
  refuseLarge(name, width, height);
  return drawn(width, height, (context, top) => context.drawImage(bitmap, 0, -top));
}

/** A picture of what `paint(context, top)` paints, moved up by `top` pixels. */
export function drawn(width, height, paint) {
  const canvas = document.createElement("canvas");
  const rows = (top, count) => {
    Object.assign(canvas, { width, height: count }); // which wipes it as well
    const context = canvas.getContext("2d", { willReadFrequently: true });
    paint(context, top);
    return context.getImageData(0, 0, width, count).data;
  };
  return { width, height, rows };
}
