"""Small GANs on mixtures of Gaussians, whose points are images of 1x2 pixels; as a script it draws them."""

import sys
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite import GAN
from tfgan_suite.metrics.modes import Mixture, ModeReport, mode_counts, ring, sample_modes, square_grid

# Each with half of the side of the square into which its points are brought.
MIXTURES: dict[str, tuple[Mixture, float]] = {"8 on a ring": (ring(), 2.5), "25 on a grid": (square_grid(), 5.0)}
OBJECTIVES: dict[str, dict[str, Any]] = {
    "non_saturating": {},
    "wasserstein, gradient_penalty": {"loss": "wasserstein", "penalty": "gradient_penalty"},
    "relativistic, r1_r2": {"loss": "relativistic", "penalty": "r1_r2", "penalty_weight": 0.1},
}
WIDTH, DEPTH, LATENT_DIM, ROWS = 128, 3, 8, 256
SAMPLES = 2_500


def network(inputs: keras.KerasTensor, outputs: int) -> keras.KerasTensor:
    """Dense layers with LeakyReLU: (N, D) -> (N, outputs)."""
    x = inputs
    for _ in range(DEPTH):
        x = keras.layers.LeakyReLU(0.2)(keras.layers.Dense(WIDTH, kernel_initializer="he_normal")(x))
    return keras.layers.Dense(outputs)(x)


def trained(mixture: str, objective: str, steps: int, seed: int = 0) -> np.ndarray:
    """Samples (SAMPLES, 2) of a GAN after so many steps, in the mixture's own units."""
    keras.utils.set_random_seed(seed)
    latents, images = keras.Input((LATENT_DIM,)), keras.Input((1, 2, 1))
    points = keras.layers.Activation("tanh")(network(latents, 2))
    generator = keras.Model(latents, keras.layers.Reshape((1, 2, 1))(points))
    discriminator = keras.Model(images, network(keras.layers.Flatten()(images), 1))
    model = GAN(generator, discriminator, ema_momentum=0.999, seed=seed)
    settings = dict(OBJECTIVES[objective])
    if "penalty_weight" in settings:
        settings |= {"penalty_weight_final": settings["penalty_weight"] / 10, "penalty_burn_in": steps * ROWS // 2}
    rates = [keras.optimizers.schedules.CosineDecay(1e-3, steps) for _ in range(2)]
    model.compile(*(keras.optimizers.Adam(rate, 0.5, 0.99) for rate in rates), **settings)
    of_mixture, half = MIXTURES[mixture]
    real = sample_modes(*of_mixture, count=steps * ROWS, seed=seed).reshape(-1, 1, 2, 1) / half
    batches = tf.data.Dataset.from_tensor_slices(real.astype(np.float32)).batch(ROWS)
    model.fit(batches, steps_per_epoch=steps, verbose=0)
    return model.generate(SAMPLES, seed=1).reshape(-1, 2) * half


def report(mixture: str, samples: np.ndarray) -> ModeReport:
    return mode_counts(samples, *MIXTURES[mixture][0])


def draw(path: str, steps: int) -> None:
    """Samples of every objective on every mixture, over the centres."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * len(OBJECTIVES), 4.3 * len(MIXTURES)), layout="constrained")
    axes = figure.subplots(len(MIXTURES), len(OBJECTIVES))
    for row, (mixture, ((centres, _), half)) in zip(axes, MIXTURES.items(), strict=True):
        for axis, objective in zip(row, OBJECTIVES, strict=True):
            samples = trained(mixture, objective, steps)
            found = report(mixture, samples)
            print(f"{mixture}, {objective}: {found}", flush=True)
            axis.scatter(*centres.T, s=120, facecolors="none", edgecolors="tab:orange", label="centres")
            axis.scatter(*samples.T, s=2, alpha=0.4, label="samples")
            axis.set(xlim=(-half, half), ylim=(-half, half), aspect="equal", xlabel="x", ylabel="y")
            shares = f"{found.modes} of {len(centres)} modes, {found.high_quality_share:.0%} within 3 sigma"
            axis.set_title(f"{objective}\n{shares}")
    axes[0][0].legend(loc="upper right")
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    draw(sys.argv[1], steps=6_000)
