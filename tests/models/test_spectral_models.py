"""Networks under spectral normalisation: what is normalised, when u moves, what is refused."""

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from lanes import corners, slow
from shrunk import CLASSES, SHAPE, batches, shrunk_config, shrunk_model, tiny_data

from tfgan_suite import DCGAN, GAN, ConditionalGAN, InputError
from tfgan_suite.errors import saying_flags
from tfgan_suite.layers.spectral_norm import SpectralNormalization
from tfgan_suite.models.gan import UPDATES
from tfgan_suite.models.network_checks import last_activation
from tfgan_suite.networks.mlp import MLPDiscriminator, MLPGenerator
from tfgan_suite.runs.assembly import build_model, start_from
from tfgan_suite.serving.export import export_generator

SIDES = ("generator", "discriminator")


def spectral(network: keras.Model) -> list[SpectralNormalization]:
    return [layer for layer in network._flatten_layers() if isinstance(layer, SpectralNormalization)]


def matrix(layer: SpectralNormalization) -> np.ndarray:
    """The kernel as (outputs, all else)."""
    kernel = np.array(layer._kernel)
    if isinstance(layer.layer, keras.layers.Conv2DTranspose):
        kernel = kernel.swapaxes(2, 3)
    return kernel.reshape(-1, kernel.shape[-1]).T


def iterated(u: np.ndarray, matrix: np.ndarray, times: int = 1) -> np.ndarray:
    for _ in range(times):
        v = matrix.T @ u
        u = matrix @ (v / np.linalg.norm(v))
        u = u / np.linalg.norm(u)
    return u


def us_of(network: keras.Model) -> list[np.ndarray]:
    return [np.array(layer.u) for layer in spectral(network)]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("mlp_gan", {}),
        ("dcgan", {"body": "dcgan_tutorial"}),
        ("dcgan", {"body": "dcgan_radford2015", "discriminator_norm": "none"}),
        slow("cgan", {}),
        ("cgan", {"attributes": True}),
    ],
)
def test_every_kernel_is_normalised_where_it_is_asked(name: str, settings: dict[str, Any]) -> None:
    """All matrices and tensors of weights, among them the label's projection; no bias, no norm, no map of a label."""
    counts = {}
    for spectral_norm in ("none", "discriminator", "both"):
        model = shrunk_model(name, spectral_norm=spectral_norm, **settings)
        for side in SIDES:
            network = getattr(model, side)
            weights = [weight for weight in network.trainable_weights if len(weight.shape) > 1]
            maps = [weight for weight in weights if weight.shape == (CLASSES, math.prod(SHAPE[:2]))][:1]
            kernels = [weight.path for weight in weights if not any(weight is each for each in maps)]
            found = [layer._kernel.path for layer in spectral(network)]
            assert sorted(found) in (sorted(kernels), []), found
            counts[spectral_norm, side] = len(found)
    assert [counts["none", side] for side in SIDES] == [0, 0]
    assert [counts["discriminator", side] > 0 for side in SIDES] == [False, True]
    assert [counts["both", side] > 0 for side in SIDES] == [True, True]


@pytest.mark.parametrize("updates", corners(UPDATES, "alternating"))
def test_u_moves_once_a_step_of_its_side_and_never_else(updates: str) -> None:
    model = shrunk_model("cgan", spectral_norm="both", updates=updates)
    before = {side: us_of(getattr(model, side)) for side in SIDES}
    model.fit(batches(8), verbose=0)
    model.evaluate(batches(8), verbose=0)
    model.generator([np.zeros((2, 4), np.float32), np.zeros(2, np.int32)], training=True)
    model.discriminator([np.zeros((2, *SHAPE), np.float32), np.zeros(2, np.int32)], training=True)
    for side in SIDES:
        for layer, u in zip(spectral(getattr(model, side)), before[side], strict=True):
            np.testing.assert_allclose(layer.u, iterated(u, matrix(layer)), atol=1e-5, err_msg=layer.path)
            assert np.abs(u - layer.u).max() > 1e-3 or len(u) < 3


def test_u_moves_as_often_as_the_discriminator_does() -> None:
    model = shrunk_model("mlp_gan", spectral_norm="both", discriminator_steps=3)
    for side in SIDES:
        model.optimizer_of(side).learning_rate = 0.0
    before = {side: us_of(getattr(model, side)) for side in SIDES}
    model.fit(batches(24, 24), verbose=0)
    for side, times in (("generator", 1), ("discriminator", 3)):
        for layer, u in zip(spectral(getattr(model, side)), before[side], strict=True):
            np.testing.assert_allclose(layer.u, iterated(u, matrix(layer), times), atol=1e-5)


def test_the_moving_average_has_singular_values_of_its_own() -> None:
    model = shrunk_model("dcgan", spectral_norm="both", ema_momentum=0.9)
    model.fit(batches(), epochs=20, verbose=0)
    layers = spectral(model.ema_generator)
    assert len(layers) == len(spectral(model.generator)) > 1
    for layer in layers:
        assert float(layer.sigma()) == pytest.approx(np.linalg.norm(matrix(layer), 2), rel=0.02)
        assert np.linalg.norm(layer.u) == pytest.approx(1.0, abs=1e-5)


# Bodies, label kinds and policies; tests/conforming.py has one model for all other laws.
CASES = [(name, dtype) for name in ("mlp_gan", "dcgan", "cgan") for dtype in ("float32", "mixed_bfloat16", "float64")]


@pytest.mark.parametrize(("name", "dtype"), corners(CASES, ("cgan", "mixed_bfloat16")))
def test_every_policy_trains(name: str, dtype: str) -> None:
    model = shrunk_model(name, spectral_norm="both", dtype_policy=dtype, penalty="gradient_penalty", loss="hinge")
    history = model.fit(batches(), verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    for layer in (*spectral(model.generator), *spectral(model.discriminator)):
        assert layer.u.dtype == ("float64" if dtype == "float64" else "float32")


def test_an_export_is_a_start_for_another_run(tmp_path: Path) -> None:
    model = shrunk_model("dcgan", spectral_norm="both")
    model.fit(batches(), verbose=0)
    folder = export_generator(model, tmp_path / "out", verify=False)
    other = build_model(shrunk_config("dcgan", spectral_norm="both", seed=1), tiny_data(), steps=4)
    assert "the generator of" in start_from(other, str(folder))
    np.testing.assert_allclose(other.generate(3), model.generate(3), atol=1e-6)
    plain = shrunk_model("dcgan")
    with pytest.raises(InputError, match="its generator has other layers"):
        start_from(plain, str(folder))


def test_batch_norm_is_refused_with_the_way_out() -> None:
    for make in (
        lambda: DCGAN((16, 16, 1), 4, base_filters=2, spectral_norm="discriminator"),
        lambda: ConditionalGAN((16, 16, 1), 2, base_filters=2, spectral_norm="both"),
    ):
        with pytest.raises(InputError, match=r"^spectral_norm holds .* Give discriminator_norm layer") as caught:
            make()
        assert "\n" not in str(caught.value)
        with saying_flags(), pytest.raises(InputError, match=r"^--spectral-norm .* Give --discriminator-norm layer"):
            make()
    for norm in ("layer", "none"):
        DCGAN((16, 16, 1), 4, base_filters=2, discriminator_norm=norm, spectral_norm="both")
    # A generator may have it.
    assert shrunk_model("mlp_gan", spectral_norm="both", batch_norm=True)


def test_unknown_names_are_refused() -> None:
    for make in (
        lambda: DCGAN((8, 8, 1), 4, spectral_norm="generator"),
        lambda: MLPDiscriminator((8, 8, 1), spectral_norm="generator"),
        lambda: MLPGenerator((8, 8, 1), spectral_norm="generator"),
    ):
        with pytest.raises(InputError, match="Unknown spectral_norm 'generator'"):
            make()


def test_networks_of_a_users_own_may_have_it() -> None:
    generator = MLPGenerator((8, 8, 1), 4, (6,))
    images = keras.Input((8, 8, 1))
    last = SpectralNormalization(keras.layers.Dense(1, activation="sigmoid"))
    discriminator = keras.Model(images, last(keras.layers.Flatten()(images)))
    assert last_activation(discriminator) == "sigmoid"
    model = GAN(generator, discriminator)
    with pytest.warns(UserWarning, match="ends in sigmoid"):
        model.compile(loss="least_squares")
    before = np.array(last.u)
    last.layer.kernel.assign(np.random.default_rng(0).normal(size=(64, 1)))
    model.fit(tiny_data().images.astype(np.float32) / 127.5 - 1.0, batch_size=8, verbose=0)
    assert np.abs(np.abs(before) - np.abs(last.u)).max() < 1e-6  # of one output there is one direction
    assert float(last.sigma()) == pytest.approx(np.linalg.norm(last.layer.kernel), rel=1e-5)
