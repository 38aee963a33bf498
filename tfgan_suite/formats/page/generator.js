// The generator: latents and labels in, images out.

import { Model } from "./model.js";
import { labelFault } from "./state.js";

export class Generator {
  constructor(model) {
    this.model = model;
    this.card = model.card;
  }

  /** Loads the generator of this folder; `progress` is called with a share in [0, 1]. */
  static async load(progress) {
    return new Generator(await Model.load(progress));
  }

  /**
   * Images, Float32Array (N, H, W, C) in [-1, 1], of latents, Float32Array (N, L).
   *
   * `labels` has N classes, or N arrays of attributes; a generator without labels ignores it. One that the generator
   * does not know is refused: the file would give NaN.
   */
  async images(latents, labels = []) {
    const { latent_dim: length, num_classes: classes, num_attributes: attributes } = this.card;
    const rows = latents.length / length;
    const fault = labels.map((label) => labelFault(this.card, label)).find((found) => found !== null);
    if (fault) throw new RangeError(fault);
    const inputs = { latents: ["float32", latents, [rows, length]] };
    if (classes !== null) inputs.labels = ["int32", Int32Array.from(labels), [rows]];
    else if (attributes !== null) {
      inputs.labels = ["float32", Float32Array.from(labels.flat()), [rows, attributes]];
    }
    return this.model.run(inputs);
  }
}
