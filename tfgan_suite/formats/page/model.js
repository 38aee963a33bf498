// The model of this folder: loaded with its runtime, and run one request after the other.

import * as ort from "./runtime/ort.wasm.bundle.min.js";

const MODEL = "model.onnx";
const BINARY = "runtime/ort-wasm-simd-threaded.wasm";

async function fetched(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}`);
  return answer;
}

// The bytes of a file; `report` gets the count of each piece that arrives.
async function bytes(path, report) {
  const reader = (await fetched(path)).body.getReader();
  const pieces = [];
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    pieces.push(piece.value);
    report(piece.value.length);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

export class Model {
  constructor(card, session) {
    this.card = card;
    this.session = session;
    this.last = Promise.resolve();
  }

  /** Loads the model of this folder; `progress` is called with a share in [0, 1]. */
  static async load(progress) {
    const card = await (await fetched("card.json")).json();
    const total = Object.values(card.sizes).reduce((sum, size) => sum + size, 0);
    let arrived = 0;
    const report = (count) => progress(Math.min(1, (arrived += count) / total));
    const [binary, model] = await Promise.all([bytes(BINARY, report), bytes(MODEL, report)]);
    // One thread: several need headers that a plain web server does not send.
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmBinary = binary;
    return new Model(card, await ort.InferenceSession.create(model, { executionProviders: ["wasm"] }));
  }

  /** A copy of the numbers of the output `images`, of inputs by name, each [type, numbers, shape]. */
  run(inputs) {
    // The runtime takes one request at a time.
    this.last = this.last.catch(() => {}).then(async () => {
      const tensors = Object.entries(inputs).map(([name, input]) => [name, new ort.Tensor(...input)]);
      const outputs = await this.session.run(Object.fromEntries(tensors));
      const images = outputs.images.data.slice();
      Object.values(outputs).forEach((tensor) => tensor.dispose());
      return images;
    });
    return this.last;
  }
}
