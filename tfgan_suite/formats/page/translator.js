// The translator: a picture in, another out, both in levels of 0 to 255.

import { Model } from "./model.js";

// Operations that one thread of a browser does in a second, counted low: before anything was measured.
const OPERATIONS_PER_SECOND = 5e9;

export class Translator {
  constructor(model) {
    this.model = model;
    this.card = model.card;
    /** What an answer is expected to take. */
    this.seconds = model.card.operations / OPERATIONS_PER_SECOND;
    this.isMeasured = false;
  }

  /** Loads the translator of this folder; `progress` is called with a share in [0, 1]. */
  static async load(progress) {
    return new Translator(await Model.load(progress));
  }

  /**
   * What is made of a picture, Uint8Array (H, W, D), of its levels, Uint8Array (h, w, c).
   *
   * `mask`, Uint8Array (h, w), is 255 in the hole; a translator without masks ignores it.
   */
  async image(pixels, mask) {
    const [height, width, channels] = this.card.source_shape;
    const inputs = { source: ["uint8", pixels, [1, height, width, channels - this.card.has_mask]] };
    if (this.card.has_mask) inputs.masks = ["uint8", mask, [1, height, width, 1]];
    const before = performance.now();
    const image = await this.model.run(inputs);
    this.seconds = (performance.now() - before) / 1000;
    this.isMeasured = true;
    return image;
  }
}
