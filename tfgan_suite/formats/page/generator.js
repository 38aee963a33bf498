// The generator: loaded with its runtime, and run one request after the other.

import * as ort from "./runtime/ort.wasm.bundle.min.js";
import { labelFault } from "./state.js";

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

export class Generator {
  constructor(card, session) {
    this.card = card;
    this.session = session;
    this.last = Promise.resolve();
  }

  /** Loads the generator of this folder; `progress` is called with a share in [0, 1]. */
  static async load(progress) {
    const card = await (await fetched("card.json")).json();
    const total = Object.values(card.sizes).reduce((sum, size) => sum + size, 0);
    let arrived = 0;
    const report = (count) => progress(Math.min(1, (arrived += count) / total));
    const [binary, model] = await Promise.all([bytes(BINARY, report), bytes(MODEL, report)]);
    // One thread: several need headers that a plain web server does not send.
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmBinary = binary;
    return new Generator(card, await ort.InferenceSession.create(model, { executionProviders: ["wasm"] }));
  }

  /**
   * Images, Float32Array (N, H, W, C) in [-1, 1], of latents, Float32Array (N, L).
   *
   * `labels` has N classes, or N arrays of attributes; a generator without labels ignores it. One that the generator
   * does not know is refused: the file would give NaN.
   */
  images(latents, labels = []) {
    // The runtime takes one request at a time.
    this.last = this.last.catch(() => {}).then(() => this.#run(latents, labels));
    return this.last;
  }

  async #run(latents, labels) {
    const { latent_dim: length, num_classes: classes, num_attributes: attributes } = this.card;
    const rows = latents.length / length;
    const fault = labels.map((label) => labelFault(this.card, label)).find((found) => found !== null);
    if (fault) throw new RangeError(fault);
    const inputs = { latents: new ort.Tensor("float32", latents, [rows, length]) };
    if (classes !== null) inputs.labels = new ort.Tensor("int32", Int32Array.from(labels), [rows]);
    else if (attributes !== null) {
      inputs.labels = new ort.Tensor("float32", Float32Array.from(labels.flat()), [rows, attributes]);
    }
    const outputs = await this.session.run(inputs);
    const images = Float32Array.from(outputs.images.data);
    Object.values(outputs).forEach((tensor) => tensor.dispose());
    return images;
  }
}
