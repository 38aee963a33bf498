"""The models that `benchmark.py` times, and what they are fed with."""

from dataclasses import dataclass
from typing import Any

import numpy as np

LATENT_DIM = 100
NUM_IMAGES = 2_048
SEED = 0


@dataclass(frozen=True)
class BenchmarkModel:
    """What is timed under a name: networks, image shape, whether they have convolutions, the discriminator's norm."""

    body: str
    image_shape: tuple[int, int, int]
    convolutional: bool = True
    norm: str | None = None

    @property
    def loss(self) -> str:
        """Of its preset."""
        return "least_squares" if self.is_unpaired else "non_saturating"

    @property
    def options(self) -> dict[str, Any]:
        """Of its networks."""
        return {"dropout": 0.0} | ({} if self.norm is None else {"discriminator_norm": self.norm})

    @property
    def of_pairs(self) -> bool:
        """Whether it is that of the preset `pix2pix`, of images as large and with as many channels on both sides."""
        return self.body == "unet"

    @property
    def is_unpaired(self) -> bool:
        """Whether it is that of the preset `cyclegan`, of images as large and with as many channels on both sides."""
        return self.body == "residual"

    def make(self, dtype: str) -> Any:
        """The package's model."""
        from tfgan_suite.models.cycle_gan import CycleGAN
        from tfgan_suite.models.dcgan import DCGAN
        from tfgan_suite.models.mlp_gan import MLPGAN
        from tfgan_suite.models.pix2pix import Pix2Pix

        if self.of_pairs:
            of_preset: dict[str, Any] = {"base_filters": 32, "generator_up": "nearest"}
            return Pix2Pix(self.image_shape, self.image_shape, dtype=dtype, **of_preset)
        if self.is_unpaired:
            of_preset: dict[str, Any] = {"base_filters": 32, "residual_blocks": 4, "generator_up": "nearest"}
            of_preset |= {"discriminator_norm": "instance", "cycle_weight": 5.0}
            return CycleGAN(self.image_shape, self.image_shape, dtype=dtype, **of_preset)
        if self.convolutional:
            return DCGAN(self.image_shape, LATENT_DIM, self.body, dtype=dtype, **self.options)
        return MLPGAN(self.image_shape, LATENT_DIM, dtype=dtype)


MODELS = {
    "mlp_gan_small": BenchmarkModel("mlp", (28, 28, 1), convolutional=False),
    "dcgan_28": BenchmarkModel("dcgan_tutorial", (28, 28, 1)),
    "dcgan_32": BenchmarkModel("dcgan_radford2015", (32, 32, 3), norm="none"),
    "dcgan_64": BenchmarkModel("dcgan_radford2015", (64, 64, 3)),
    "pix2pix_64": BenchmarkModel("unet", (64, 64, 3)),
    "pix2pix_128": BenchmarkModel("unet", (128, 128, 3)),
    "cyclegan_64": BenchmarkModel("residual", (64, 64, 3)),
}


def make_images(model: BenchmarkModel) -> np.ndarray:
    """Random uint8 images (NUM_IMAGES, H, W, C)."""
    return np.random.default_rng(SEED).integers(0, 256, (NUM_IMAGES, *model.image_shape), np.uint8)


def make_batches(model: BenchmarkModel, batch_size: int) -> Any:
    """Batches of the package's own pipeline, without end for our purposes."""
    from tfgan_suite.data.image_data import ImageData
    from tfgan_suite.data.pairs import StoredPairs
    from tfgan_suite.data.pipeline import training_batches
    from tfgan_suite.data.unpaired import UnpairedData

    images = make_images(model)
    data = ImageData(images, None, (), "numbers")
    if model.of_pairs or model.is_unpaired:
        data = (StoredPairs if model.of_pairs else UnpairedData).of_arrays(images[::-1], images)
    return training_batches(data, batch_size, epochs=1_000_000, seed=SEED)
