// PNG files with a mark: text chunks that say how the picture was made. A canvas writes none, and rounds what is
// partly transparent.

const COLOUR_TYPES = { 1: 0, 2: 4, 3: 2, 4: 6 };
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function checksum(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = REMAINDERS[(value ^ byte) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

function bigEndian(...numbers) {
  const bytes = new Uint8Array(numbers.length * 4);
  numbers.forEach((number, index) => new DataView(bytes.buffer).setUint32(index * 4, number));
  return bytes;
}

function chunk(kind, content) {
  const named = Uint8Array.from([...new TextEncoder().encode(kind), ...content]);
  return [bigEndian(content.length), named, bigEndian(checksum(named))];
}

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function textChunk(keyword, text) {
  if ([...text].every((letter) => letter.codePointAt(0) < 256)) {
    return chunk("tEXt", Uint8Array.from(`${keyword}\0${text}`, (letter) => letter.charCodeAt(0)));
  }
  return chunk("iTXt", new TextEncoder().encode(`${keyword}\0\0\0\0\0${text}`));
}

/** Levels (H, W, C), C of 1 to 4, as a PNG file with the texts of an object by keyword. */
export async function encoded(pixels, [height, width, channels], texts) {
  const row = width * channels;
  const lines = new Uint8Array(height * (row + 1)); // each line begins with its filter, 0: none
  for (let y = 0; y < height; y++) lines.set(pixels.subarray(y * row, (y + 1) * row), y * (row + 1) + 1);
  const header = [...bigEndian(width, height), 8, COLOUR_TYPES[channels], 0, 0, 0];
  const parts = [
    Uint8Array.from(SIGNATURE),
    ...chunk("IHDR", header),
    ...Object.entries(texts).flatMap(([keyword, text]) => textChunk(keyword, String(text))),
    ...chunk("IDAT", await deflated(lines)),
    ...chunk("IEND", []),
  ];
  return new Blob(parts, { type: "image/png" });
}
