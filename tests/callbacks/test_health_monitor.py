"""Each diagnosis on a series worked by hand and on a run that is made to fail so; none on healthy runs."""

import csv
import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from lanes import corners, slow
from shrunk import batches, shrunk_config, shrunk_model, tiny_data, tiny_pairs, tiny_unpaired

from tfgan_suite import DivergenceError, InputError
from tfgan_suite.callbacks.health_checks import LATER_COLUMNS as LATER
from tfgan_suite.callbacks.health_checks import (
    Check,
    checkerboard,
    colours_inverted,
    discriminator_won,
    generator_collapsed,
    memory_grows,
    not_finite,
    read_checks,
    source_copied,
    stalled,
)
from tfgan_suite.callbacks.health_images import OfSources
from tfgan_suite.callbacks.health_measures import loss_range, memory_mib
from tfgan_suite.callbacks.health_monitor import CollapseError, HealthMonitor
from tfgan_suite.callbacks.stop_on_non_finite import StopOnNonFinite
from tfgan_suite.continuation.exact_checkpoint import ExactCheckpoint
from tfgan_suite.continuation.resume import resume_fit
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.pipeline import training_batches
from tfgan_suite.images import to_float
from tfgan_suite.metrics.diversity import diversity, random_features
from tfgan_suite.models.gan import GAN
from tfgan_suite.objectives.losses import LOSSES, AdversarialLoss, hinge_generator_loss, per_sample_mean
from tfgan_suite.objectives.objective import Objective
from tfgan_suite.ports import images_port
from tfgan_suite.runs.assembly import build_model

EVERY, WINDOW, GRACE, EPOCH = 20, 60, 100, 50
SMALL = {"batch_size": 16, "generator_units": (32,), "discriminator_units": (32,)}
HEALTHY = {
    "step": np.arange(100, 1300, 100),
    "generator_loss": np.linspace(0.7, 0.8, 12),
    "discriminator_loss": np.linspace(1.3, 1.2, 12),
    "real_score": 0.5,
    "fake_score": 0.5,
    "loss_share": 0.9,
    "pixel_diversity": 0.4,
    "feature_diversity": 0.2,
    "pixel_ratio": 0.8,
    "feature_ratio": 0.7,
    "generator_norm": np.linspace(9.0, 9.1, 12),
    "discriminator_norm": np.linspace(6.0, 6.1, 12),
    "memory_mib": 1000.0,
}


def series(**columns: object) -> list[Check]:
    """Twelve checks of a healthy run, 100 steps apart, with some columns replaced by a value or by twelve."""
    values = {key: np.broadcast_to(value, 12).tolist() for key, value in {**HEALTHY, **columns}.items()}
    return [Check(**dict(zip(values, row, strict=True))) for row in zip(*values.values(), strict=True)]


# ---- the diagnoses, by hand ---------------------------------------------------------------------


DIAGNOSES = [
    not_finite, discriminator_won, generator_collapsed, source_copied, colours_inverted, checkerboard, stalled,
    memory_grows,
]  # fmt: skip


@pytest.mark.parametrize("diagnosis", DIAGNOSES)
def test_a_healthy_series_and_none_at_all(diagnosis: Callable[[list[Check], int], str | None]) -> None:
    assert diagnosis(series(), 500) is None
    assert diagnosis(series(source_ratio=0.8, alternation=0.3), 500) is None
    assert diagnosis(series(source_ratio=0.8, alternation=0.3, source_correlation=-0.4), 500) is None
    assert diagnosis([], 500) is None


def test_discriminator_won_needs_the_whole_window() -> None:
    message = discriminator_won(series(loss_share=0.04, discriminator_loss=0.055), 500)
    assert message and message.startswith("the discriminator has won: its loss is 0.055, 4.0% of")
    assert "for 500 steps" in message and "Lower discriminator_learning_rate" in message
    for one_is_healthy in range(12):
        shares = np.where(np.arange(12) == one_is_healthy, 0.06, 0.04)
        assert (discriminator_won(series(loss_share=shares), 500) is None) == (one_is_healthy >= 6)
    assert discriminator_won(series(loss_share=0.04)[:5], 500) is None  # 400 steps only
    assert discriminator_won(series(loss_share=math.nan), 500) is None


def test_a_window_of_fewer_than_three_checks_takes_three() -> None:
    assert discriminator_won(series(loss_share=[0.9] * 10 + [0.01] * 2), 50) is None
    assert discriminator_won(series(loss_share=[0.9] * 9 + [0.01] * 3), 50)


@pytest.mark.parametrize("column", ["pixel_ratio", "feature_ratio"])
def test_generator_collapsed_in_pixels_or_in_features(column: str) -> None:
    message = generator_collapsed(series(**{column: 0.05}), 500)
    assert message and "5.0%" in message and "ema_momentum=0.999, with body='mlp'" in message
    assert generator_collapsed(series(**{column: [0.05] * 11 + [0.3]}), 500) is None


def test_results_that_are_one_image_or_their_sources_or_a_checkerboard() -> None:
    message = generator_collapsed(series(pixel_ratio=0.05, alternation=0.0, source_ratio=0.9), 500)
    assert message and "whatever the source" in message and "5.0%" in message
    message = source_copied(series(source_ratio=0.02), 500)
    assert message and message.startswith("the results are their sources: they differ from them by 2.0% of")
    assert source_copied(series(source_ratio=[0.02] * 11 + [0.2]), 500) is None
    message = checkerboard(series(alternation=3.5), 500)
    assert message and "3.5 of 255 levels" in message and "generator_up='nearest'" in message
    assert checkerboard(series(alternation=[3.5] * 11 + [1.0]), 500) is None


def test_negatives_are_asked_about() -> None:
    message = colours_inverted(series(source_correlation=-0.83), 500)
    assert message and message.startswith("what is made is the negative of its source: their correlation is -0.83,")
    assert "right only if" in message and "identity_weight=0.5 or more, or another seed" in message
    for other in (-0.4, None):
        assert colours_inverted(series(source_correlation=[-0.9] * 11 + [other]), 500) is None
        assert colours_inverted(series(source_correlation=[other] + [-0.9] * 11), 500)


def test_what_learns_without_pairs_is_told_of_its_own_options() -> None:
    without = {"alternation": 0.1, "source_correlation": 1.0}
    message = source_copied(series(source_ratio=0.02, **without), 500)
    assert message and "identity_weight=0" in message and "l1_weight" not in message and "almost alike" in message
    message = generator_collapsed(series(pixel_ratio=0.05, **without), 500)
    assert message and "its own target" not in message and "one image. Lower generator_learning_rate" in message


def test_not_finite_is_the_last_check_alone() -> None:
    checks = series(broken=[""] * 11 + ["fake_score is nan"], event="", epoch_means="{}")
    message = not_finite(checks, 500)
    assert message and message.startswith("fake_score is nan. Lower generator_learning_rate")
    assert not_finite(checks[:-1], 500) is None


def test_stalled_weights_and_stalled_losses() -> None:
    message = stalled(series(generator_norm=9.0), 500)
    assert message and "weights of the generator have not" in message and "Raise generator_learning_rate" in message
    message = stalled(series(generator_norm=9.0, discriminator_norm=6.0), 500)
    assert message and "the generator and the discriminator" in message
    message = stalled(series(generator_loss=0.6931, discriminator_loss=1.3863), 500)
    assert message and "1.386 and 0.6931" in message
    assert stalled(series(discriminator_loss=1.3863), 500) is None
    # A network without trainable weights, and numbers that are none.
    assert stalled(series(generator_norm=math.nan, generator_loss=math.inf, discriminator_loss=math.inf), 500) is None


@pytest.mark.parametrize(
    ("memory", "grows"),
    [
        (np.linspace(1000, 1400, 12), True),
        (np.linspace(5000, 5400, 12), True),  # 8 % only, but more than 256 MiB
        (np.linspace(1000, 1400, 12) + np.tile([0, 90, 30], 4), True),  # what checkpoints take for a while
        (np.linspace(1000, 1200, 12), False),  # too little
        ([1000] * 6 + [1400] * 6, False),  # a step, as a cache that has filled
        (np.minimum(np.linspace(1000, 1800, 12), 1400), False),  # no more in the last quarter
        (np.linspace(1400, 1000, 12), False),
        (math.nan, False),
    ],
)
def test_memory_grows_steadily(memory: object, grows: bool) -> None:
    message = memory_grows(series(memory_mib=memory), 250)
    assert bool(message) == grows
    assert not grows or "Lower cache_gigabytes, try tensorboard=False" in str(message)


def test_diversity_by_hand() -> None:
    values = np.array([[0.0, 1.0], [2.0, 1.0], [10.0, 5.0], [16.0, 5.0]])
    # Within groups: (1 + 1 + 9 + 9) / (4 - 2) / 2 values a row.
    assert diversity(values, np.array([0, 0, 1, 1])) == pytest.approx(math.sqrt(5.0))
    assert diversity(values[:2], np.array([3, 3])) == pytest.approx(1.0)  # groups 0 to 2 are empty


def test_features_are_not_deceived_by_noise(small_digits: ImageData) -> None:
    real = to_float(np.kron(small_digits.images[:128], np.ones((1, 4, 4, 1), np.uint8))).numpy()
    noise = np.random.default_rng(0).normal(0.0, 0.6, real.shape)
    noisy, one = np.clip(real[:1] + noise, -1, 1).astype(np.float32), np.zeros(128, int)
    assert diversity(noisy, one) > 0.8 * diversity(real, one)
    assert diversity(random_features(noisy), one) < 0.25 * diversity(random_features(real), one)


@pytest.mark.parametrize(
    ("loss", "smoothing", "least", "at_zero"),
    [
        ("non_saturating", 0.0, 0.0, 2 * math.log(2)),
        ("minimax", 0.0, 0.0, 2 * math.log(2)),
        # The entropy of the target 0.9.
        ("non_saturating", 0.1, -0.9 * math.log(0.9) - 0.1 * math.log(0.1), 2 * math.log(2)),
        ("least_squares", 0.0, 0.0, 0.5),
        ("hinge", 0.0, 0.0, 2.0),
        ("relativistic", 0.0, 0.0, math.log(2)),
        ("wasserstein", 0.0, -2 * 8.0, 0.0),  # images of 8 x 8 numbers in [-1, 1]
    ],
)
def test_loss_range(loss: str, smoothing: float, least: float, at_zero: float) -> None:
    assert loss in LOSSES
    held = {"penalty": "gradient_penalty"} if loss == "wasserstein" else {}
    model = shrunk_model("mlp_gan", loss=loss, label_smoothing=smoothing, **held)
    assert loss_range(model) == pytest.approx((least, at_zero), abs=1e-3)


@pytest.mark.parametrize(
    ("settings", "least", "at_zero"),
    [
        ({}, 0.0, 2 * 0.5),
        ({"loss": "hinge"}, 0.0, 2 * 2.0),
        ({"loss": "wasserstein", "penalty": "gradient_penalty"}, -2 * (8.0 + 8.0), 0.0),  # both of 8 x 8 numbers
    ],
)
def test_loss_range_of_two_discriminators(settings: dict[str, object], least: float, at_zero: float) -> None:
    assert loss_range(shrunk_model("cyclegan", **settings)) == pytest.approx((least, at_zero), abs=1e-3)


def test_a_loss_without_a_least_value_has_no_winner() -> None:
    def critic_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
        return per_sample_mean(fake_logits) - per_sample_mean(real_logits)

    model = shrunk_model("mlp_gan")
    model.objective = Objective(AdversarialLoss(critic_loss, hinge_generator_loss))
    assert loss_range(model) == (-math.inf, 0.0)


def test_memory_is_that_of_a_process_with_tensorflow() -> None:
    assert 100 < memory_mib() < 100_000


# ---- runs ---------------------------------------------------------------------------------------


def watched(
    folder: Path,
    data: ImageData,
    preset: str = "mlp_gan",
    steps: int = 200,
    prepare: Callable[[GAN], None] = lambda model: None,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
    monitor: dict[str, object] | None = None,
    **settings: object,
) -> HealthMonitor:
    """A shrunk preset, trained with a monitor whose patience is short."""
    small = SMALL if preset in ("mlp_gan", "cgan_mirza2014") else {"batch_size": 16, "base_filters": 16}
    config = shrunk_config(preset, **{**small, **settings})
    model = build_model(config, data, EPOCH)
    prepare(model)
    arguments = {"every": EVERY, "window": WINDOW, "grace": GRACE, **(monitor or {})}
    health = HealthMonitor(folder / "health.csv", data.images, data.labels, **arguments)
    rows = training_batches(data, 16 * config.discriminator_steps, 99, 0, EPOCH)
    model.fit(rows, epochs=steps // EPOCH, steps_per_epoch=EPOCH, callbacks=[health, *callbacks], verbose=0)
    return health


def last_kernel(network: keras.Model) -> keras.Variable:
    """The kernel of a network's last layer that has one."""
    return [layer for layer in network.layers if hasattr(layer, "kernel")][-1].kernel


def keep_at_zero(kernel: keras.Variable, rows: slice = slice(None)) -> None:
    """Makes rows of a kernel 0, for good."""
    mask = np.ones(kernel.shape, np.float32)
    mask[rows] = 0.0
    kernel.assign(kernel * mask)
    kernel.constraint = lambda value: value * mask


def names_of(health: HealthMonitor) -> set[str]:
    """All that a run was told."""
    return {name for check in health.checks for name in check.event.split("; ") if name}


@pytest.mark.parametrize(
    ("preset", "settings"),
    [
        ("mlp_gan", {}),
        ("mlp_gan", {"loss": "least_squares", "label_smoothing": 0.1, "discriminator_steps": 2}),
        slow("dcgan", {"loss": "hinge"}),
        slow("cgan", {}),
    ],
)
def test_healthy_runs_are_left_in_peace(
    preset: str,
    settings: dict[str, object],
    small_digits: ImageData,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    grace = 180
    health = watched(tmp_path, small_digits, preset, steps=300, monitor={"grace": grace}, **settings)
    assert names_of(health) == set()
    assert "health:" not in capsys.readouterr().err
    # Multiples of `every`, and the ends of epochs.
    assert [check.step for check in health.checks][:6] == [20, 40, 50, 60, 80, 100]
    late = [check for check in health.checks if check.step > grace]
    assert min(check.loss_share for check in late) > 0.2
    assert min(min(check.pixel_ratio, check.feature_ratio) for check in late) > 0.2
    with (tmp_path / "health.csv").open(newline="") as stream:
        assert tuple(next(csv.reader(stream))) == Check._fields
    assert read_checks(tmp_path / "health.csv") == health.checks


def test_a_discriminator_that_has_won(
    small_digits: ImageData, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    health = watched(tmp_path, small_digits, discriminator_learning_rate=0.01, generator_learning_rate=1e-7)
    assert names_of(health) == {"discriminator_won"}
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("health:")]
    assert len(lines) == 1  # once, though it stays so
    assert lines[0].startswith("health: step 160: the discriminator has won: its loss is 0.0")


def test_a_generator_that_has_collapsed_and_a_run_that_stops(
    small_digits: ImageData, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def one_image(model: GAN) -> None:
        keep_at_zero(last_kernel(model.generator))

    with pytest.raises(CollapseError, match=r"Step 160: the generator has collapsed.*generator_learning_rate") as stop:
        watched(tmp_path, small_digits, prepare=one_image, monitor={"on_collapse": "stop"})
    assert isinstance(stop.value, DivergenceError)
    assert "health: step 160: the generator has collapsed: its samples differ by 0.0%" in capsys.readouterr().err
    assert read_checks(tmp_path / "health.csv")[-1].event == "generator_collapsed; stop"


@pytest.mark.parametrize("attributes", corners([False, True], True))
def test_a_conditional_generator_that_ignores_z(attributes: bool, small_digits: ImageData, tmp_path: Path) -> None:
    def ignore_z(model: GAN) -> None:
        first = next(layer for layer in model.generator.body.layers if hasattr(layer, "kernel"))
        # Loud labels, so that the few steps of this test make different images of them.
        first.kernel.assign(20 * first.kernel)
        keep_at_zero(first.kernel, slice(model.latent_dim))

    data = small_digits
    if attributes:
        bits = (data.labels[:, None] >> np.arange(4) & 1).astype(np.float32)
        data = dataclasses.replace(data, labels=bits, label_names=("one", "two", "four", "eight"))
    health = watched(tmp_path, data, "cgan_mirza2014", prepare=ignore_z)
    assert names_of(health) == {"generator_collapsed"}
    # Over all labels its images differ well.
    images = health.model.generate(64, labels=health.model.check_labels(np.unique(data.labels, axis=0), 64))
    real = to_float(data.images[:64]).numpy()
    assert diversity(images, np.zeros(64, int)) > 0.2 * diversity(real, np.zeros(64, int))


def test_learning_rates_of_nothing_stall(small_digits: ImageData, tmp_path: Path) -> None:
    rates = {"generator_learning_rate": 1e-30, "discriminator_learning_rate": 1e-30}
    assert names_of(watched(tmp_path, small_digits, steps=100, **rates)) == {"stalled"}


class At(keras.callbacks.Callback):
    """Does something to the model after some steps, before the callbacks that follow."""

    def __init__(self, steps: range, what: Callable[[GAN], None]):
        super().__init__()
        self.steps, self.what = steps, what

    def on_train_batch_begin(self, batch: int, logs: object = None) -> None:
        if int(self.model.step.numpy()) in self.steps:
            self.what(self.model)


@pytest.mark.parametrize(
    ("network", "value", "log"), [("generator", math.nan, "fake_score"), ("discriminator", math.inf, "real_score")]
)
def test_the_network_that_broke_first_is_named(
    network: str,
    value: float,
    log: str,
    small_digits: ImageData,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def spoil(model: GAN) -> None:
        kernel = getattr(model, network).trainable_variables[0]
        kernel.assign(np.full(kernel.shape, value))

    with pytest.raises(DivergenceError, match=log):
        watched(tmp_path, small_digits, callbacks=(At(range(33, 34), spoil), StopOnNonFinite()))
    line = capsys.readouterr().err
    assert f"health: step 34: {log} is nan, the {network}'s weight " in line and "/kernel is not finite. Lower" in line
    last = read_checks(tmp_path / "health.csv")[-1]
    assert (last.step, last.event) == (34, "not_finite") and math.isnan(last.discriminator_loss)


def collapse(model: GAN) -> None:
    """One image for every z, the shown generator's too."""
    for network in (model.generator, model.sampling_generator):
        last_kernel(network).assign(np.zeros(last_kernel(network).shape))


class Checkpoints:
    """Exact checkpoints and the way back to them."""

    def __init__(self, folder: Path):
        # As in a run: few are kept, and one that is old enough.
        self.callback = ExactCheckpoint(folder / "checkpoints", every=20, keep=1, keep_before=WINDOW + 2 * EVERY)
        self.asked: list[int] = []

    def __call__(self, before_step: int) -> int | None:
        self.asked.append(before_step)
        return self.callback.roll_back(before_step)


def test_rollback_goes_back_before_the_trouble_and_on(
    small_digits: ImageData, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    back = Checkpoints(tmp_path)
    callbacks = (At(range(130, 200), collapse), back.callback)
    monitor = {"on_collapse": "rollback", "rollback": back}
    health = watched(tmp_path, small_digits, steps=300, callbacks=callbacks, monitor=monitor)
    assert back.asked == [120]
    events = {check.step: check.event for check in health.checks if check.event}
    assert events == {200: "generator_collapsed; rollback to 100"}
    assert "health: step 200: back to the weights of step 100, rollback 1 of 3" in capsys.readouterr().err
    assert int(health.model.step.numpy()) == 300
    assert health.checks[-1].pixel_ratio > 0.3
    assert all(math.isfinite(check.discriminator_loss) for check in health.checks)


@pytest.mark.parametrize(
    ("first", "error", "asked"),
    [slow(130, "It went back 2 times, and it came again", [120, 200]), (0, "no checkpoint of step 0", [0])],
)
def test_rollback_has_an_end(first: int, error: str, asked: list[int], small_digits: ImageData, tmp_path: Path) -> None:
    back = Checkpoints(tmp_path)
    monitor = {"on_collapse": "rollback", "rollback": back, "max_rollbacks": 2}
    callbacks = (At(range(first, 999), collapse), back.callback)
    with pytest.raises(CollapseError, match=error):
        watched(tmp_path, small_digits, steps=500, callbacks=callbacks, monitor=monitor)
    assert back.asked == asked
    assert read_checks(tmp_path / "health.csv")[-1].event.endswith("stop")


# ---- a run that is cut --------------------------------------------------------------------------


class CutError(Exception):
    """The end of a process."""


def cut(model: GAN) -> None:
    raise CutError


@pytest.mark.slow
def test_a_cut_run_writes_what_an_uncut_one_does(small_digits: ImageData, tmp_path: Path) -> None:
    def start(name: str, at: int) -> list[Check]:
        """Trains 100 steps in epochs of 50, or until the cut, with a checkpoint every 16 steps."""
        keras.utils.set_random_seed(0)
        model = build_model(shrunk_config("mlp_gan", **SMALL), small_digits, EPOCH)
        health = HealthMonitor(
            tmp_path / name / "health.csv",
            small_digits.images,
            every=10,
            window=20,
            grace=20,
            on_collapse="rollback",
            rollback=lambda before_step: before_step,  # no way back: only the decision matters here
        )
        resume_fit(
            model,
            lambda step: training_batches(small_digits, 16, 2, 0, EPOCH, step),
            epochs=2,
            steps_per_epoch=EPOCH,
            checkpoint=ExactCheckpoint(tmp_path / name / "checkpoints", every=16),
            callbacks=[health, At(range(30, 65), collapse), At(range(at, at + 1), cut)],
            verbose=0,
        )
        return health.checks

    whole = start("whole", 999)
    assert [check.step for check in whole if "rollback" in check.event] == [60, 90]
    # Goes on from step 50, before the first rollback, and then from 64, in the middle of a window.
    for step in (63, 75):
        with pytest.raises(CutError):
            start("pieces", step)
    pieces = start("pieces", 999)
    assert [(check.step, check.event) for check in pieces] == [(check.step, check.event) for check in whole]
    # Not bit for bit without op determinism.
    np.testing.assert_allclose([check[1:12] for check in pieces], [check[1:12] for check in whole], rtol=1e-4)
    assert read_checks(tmp_path / "pieces" / "health.csv") == pieces


def test_a_series_that_was_begun_without_the_later_columns_goes_on(tmp_path: Path) -> None:
    path, model = tmp_path / "health.csv", shrunk_model("mlp_gan")
    model.fit(batches(), callbacks=[HealthMonitor(path, tiny_data().images, every=2)], verbose=0)
    rows = list(csv.DictReader(path.read_text().splitlines()))
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, [name for name in Check._fields if name not in LATER], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    before = read_checks(path)
    assert [check.step for check in before] == [2, 4] and before[0].epoch_means != "{}"
    model.fit(batches(), callbacks=[HealthMonitor(path, tiny_data().images, every=2)], verbose=0)
    assert read_checks(path)[:2] == before
    assert tuple(next(csv.reader(path.read_text().splitlines()))) == Check._fields


# ---- models that make images of images ----------------------------------------------------------


class Fixed:
    """A model that makes images by a function."""

    def __init__(
        self,
        function: Callable[[np.ndarray], np.ndarray],
        source_shape: tuple[int, int, int],
        paired: bool = True,
        back: Callable[[np.ndarray], np.ndarray] | None = None,
    ):
        self.functions = {None: function, "a_to_b": function, "b_to_a": back}
        self.directions = () if back is None else ("a_to_b", "b_to_a")
        ports = (images_port(source_shape, "source"), images_port((8, 8, 3), "target"))
        self.expected = lambda: SimpleNamespace(ports=ports, y=ports[1] if paired else None)

    def directed(self, direction: str | None) -> Callable[[tf.Tensor], np.ndarray]:
        function = self.functions[direction]
        assert function is not None
        return lambda sources: function(sources.numpy())


def measured(function: Callable[[np.ndarray], np.ndarray], channels: int = 3, **more: Any) -> dict[str, Any]:
    random = np.random.default_rng(0)
    blocks = [random.uniform(-1, 1, (40, 4, 4, each)).astype(np.float32) for each in (channels, 3)]
    sources, targets = (each.repeat(2, 1).repeat(2, 2) for each in blocks)  # of which no second pixel stands out
    images = OfSources(targets, sources, 32)
    model: Any = Fixed(function, (8, 8, channels), **more)
    images.begin(model)
    return images.measure(model)


@pytest.mark.parametrize(("channels", "copy"), [(3, 3), (4, 3), (1, 3)])
def test_the_source_is_known_again(channels: int, copy: int) -> None:
    def copies(sources: np.ndarray) -> np.ndarray:
        return np.repeat(sources, 3, -1) if channels == 1 else sources[..., :copy]

    found = measured(copies, channels)
    assert found["source_ratio"] == 0.0 and found["pixel_ratio"] > 0.5
    assert measured(lambda sources: -copies(sources), channels)["source_ratio"] > 0.9


def test_of_a_source_that_is_no_image_of_the_target_there_is_no_distance() -> None:
    assert measured(lambda sources: sources[..., :1].repeat(3, -1), 2)["source_ratio"] is None


def test_one_image_for_all_sources_and_a_checkerboard_are_seen() -> None:
    assert measured(lambda sources: np.zeros_like(sources))["pixel_ratio"] == 0.0
    board = (np.indices((8, 8)).sum(0) % 2 * 2 - 1)[None, :, :, None].astype(np.float32)
    clean, patterned = (measured(lambda s, a=a: 0.9 * s + a * board)["alternation"] for a in (0.0, 4 / 127.5))
    assert (clean, patterned) == (pytest.approx(0.0, abs=1e-4), pytest.approx(4.0, abs=1e-3))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda sources: 0.5 * sources + 0.3, 1.0),
        (lambda sources: -0.5 * sources, -1.0),
        (lambda sources: np.zeros_like(sources), 0.0),
        (lambda sources: np.where(np.arange(len(sources))[:, None, None, None] % 4, sources, -sources), 0.5),
    ],
)  # fmt: skip
def test_the_correlation_with_the_source(function: Callable[[np.ndarray], np.ndarray], expected: float) -> None:
    assert measured(function, paired=False)["source_correlation"] == pytest.approx(expected, abs=1e-5)
    assert measured(function)["source_correlation"] is None  # of pairs there is a truth
    assert measured(lambda sources: sources[..., :1].repeat(3, -1), 2, paired=False)["source_correlation"] is None


def test_of_two_ways_the_worse_is_told() -> None:
    def negative(images: np.ndarray) -> np.ndarray:
        return -images

    def one_image(images: np.ndarray) -> np.ndarray:
        return 0.0 * images + 0.1

    def good(images: np.ndarray) -> np.ndarray:
        return images[::-1]

    fine = measured(good, paired=False, back=good)
    assert fine["pixel_ratio"] > 0.9 and fine["source_ratio"] > 0.5 and abs(fine["source_correlation"]) < 0.3
    for there, back in ((good, negative), (negative, good)):
        found = measured(there, paired=False, back=back)
        assert found["source_correlation"] == pytest.approx(-1.0) and found["pixel_ratio"] > 0.9
        assert measured(there if back is negative else one_image, paired=False, back=one_image)["pixel_ratio"] < 1e-3
        assert measured(there, paired=False, back=lambda images: images)["source_ratio"] == 0.0


def test_a_way_to_pictures_that_are_all_equal_is_left_out() -> None:
    targets = np.random.default_rng(0).uniform(-1, 1, (16, 8, 8, 3)).astype(np.float32)
    images = OfSources(targets, np.zeros_like(targets), 16)
    model: Any = Fixed(lambda sources: targets, (8, 8, 3), paired=False, back=lambda sources: 1 / 0)
    images.begin(model)
    assert images.measure(model)["pixel_ratio"] == pytest.approx(1.0)


@pytest.mark.slow
def test_a_run_of_both_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """At zero logits neither discriminator has won, though their losses are logged as a sum; negatives are told."""
    model, (a, b) = shrunk_model("cyclegan"), tiny_unpaired().examples(16)
    for variable in (*model.discriminator_a.variables, *model.discriminator_b.variables):
        variable.assign(tf.zeros_like(variable))
    model.discriminator_optimizer.learning_rate = 0.0

    def watched_on() -> HealthMonitor:
        health = HealthMonitor(tmp_path / "health.csv", b, sources=a, every=1, window=2, grace=0)
        model.fit((a, b), batch_size=8, epochs=2, callbacks=[health], verbose=0)
        return health

    health = watched_on()
    assert [check.loss_share for check in health.checks] == pytest.approx([1.0] * 4)
    assert not {"colours_inverted", "discriminator_won", "source_copied"} & names_of(health)
    assert "negative" not in capsys.readouterr().err
    monkeypatch.setattr(type(model), "directed", lambda self, way: lambda images: -images)
    health = watched_on()
    assert "health: step 7: what is made is the negative of its source" in capsys.readouterr().err
    checks = read_checks(tmp_path / "health.csv")
    assert [check.step for check in checks if "colours_inverted" in check.event] == [7]
    correlations = [check.source_correlation for check in checks]
    assert [each is not None and each < -0.99 for each in correlations] == [False] * 4 + [True] * 4


def test_a_run_whose_results_are_the_source_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = shrunk_model("pix2pix")
    sources, targets = tiny_pairs(shrunk_config("pix2pix")).examples(32)
    health = HealthMonitor(tmp_path / "health.csv", targets, sources=sources, every=2, window=4, grace=0)
    model.fit(sources, targets, batch_size=8, epochs=3, callbacks=[health], verbose=0)
    assert [check.step for check in health.checks] == [2, 4, 6, 8, 10, 12]
    assert all(check.of_sources and 0.0 <= (check.alternation or 0.0) < 255.0 for check in health.checks)
    assert all(0.1 < (check.source_ratio or 0.0) < 2.0 for check in health.checks)
    health.checks = [check._replace(source_ratio=0.01) for check in health.checks]
    assert "source_copied" in health.diagnose()
    with pytest.raises(InputError, match=r"^sources and real_images must have the model's shapes \(8, 8, 1\) and "):
        model.fit(sources, targets, callbacks=[HealthMonitor(tmp_path / "h.csv", targets, sources=targets)], verbose=0)


def test_rows_of_later_steps_and_torn_lines_are_dropped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "health.csv"
    model, data = shrunk_model("mlp_gan"), tiny_data()

    def fit(**arguments: object) -> list[int]:
        health = HealthMonitor(path, data.images, data.labels, every=1, **arguments)
        model.fit(batches(), callbacks=[health], verbose=0)
        return [check.step for check in health.checks]

    assert fit() == [1, 2, 3, 4]
    before = path.read_bytes()
    for kept in (9, 60, len(before.splitlines()[-1]) - 1):
        path.write_bytes(before[: len(before) - len(before.splitlines(keepends=True)[-1]) + kept])
        assert [check.step for check in read_checks(path)] == [1, 2, 3]
    model.step.assign(2)
    assert fit() == [1, 2, 3, 4, 5, 6]
    assert path.read_bytes().count(b"\n") == 7
    model.step.assign(0)
    assert fit() == [1, 2, 3, 4]
    # Another worker reads and decides, and leaves the rest to the first one.
    before, spoilt = path.read_bytes(), model.generator.trainable_variables[0]
    spoilt.assign(np.full(spoilt.shape, np.nan))
    assert fit(writes=False) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert path.read_bytes() == before and "health:" not in capsys.readouterr().err


def test_means_are_of_the_window(small_digits: ImageData, tmp_path: Path) -> None:
    epoch_means: list[dict[str, float]] = []
    record = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: epoch_means.append(dict(logs)))
    checks = watched(tmp_path, small_digits, steps=50, callbacks=(record,)).checks
    assert [check.step for check in checks] == [20, 40, 50]
    for key in ("generator_loss", "discriminator_loss", "real_score", "fake_score"):
        sums = np.array([0.0, *(logs[key] for logs in epoch_means)]) * np.arange(51)
        means = np.diff(sums[[0, 20, 40, 50]]) / [20, 20, 10]
        np.testing.assert_allclose([getattr(check, key) for check in checks], means, rtol=1e-5)


def test_groups_of_steps_and_validation(tmp_path: Path) -> None:
    model, data = shrunk_model("cgan", steps_per_execution=3), tiny_data()
    health = HealthMonitor(tmp_path / "health.csv", data.images, data.labels, every=2)
    model.fit(batches(64), validation_data=batches(), epochs=2, callbacks=[health], verbose=0)
    assert [check.step for check in health.checks] == [3, 6, 8, 11, 14, 16]
    assert all(json.loads(check.epoch_means) == {} for check in health.checks if check.step % 8 == 0)
    assert all(0.0 < check.discriminator_loss < 10.0 for check in health.checks)


@pytest.mark.slow
def test_two_replicas_write_what_one_does(tmp_path: Path, mirrored: tf.distribute.MirroredStrategy) -> None:
    def checks(name: str) -> list[Check]:
        health = HealthMonitor(tmp_path / name, tiny_data().images, every=2)
        shrunk_model("mlp_gan").fit(batches(), callbacks=[health], verbose=0)
        return health.checks

    one = checks("one")
    with mirrored.scope():
        two = checks("two")
    for mine, other in zip(one, two, strict=True):
        np.testing.assert_allclose(mine[:12], other[:12], rtol=1e-4)


# ---- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"every": 0}, "every must be at least 1"),
        ({"samples": 4}, "samples must be at least 8"),
        ({"max_rollbacks": 0}, "max_rollbacks must be"),
        ({"on_collapse": "stopp"}, "Did you mean stop"),
        ({"on_collapse": "rollback"}, "go together"),
        ({"rollback": lambda step: None}, "go together"),
        ({"real_images": np.zeros((20, 8, 8), np.uint8)}, "at least 16 images"),
        ({"real_images": tiny_data(15).images}, "at least 16 images"),
        ({"real_images": np.full((20, 8, 8, 1), 2.0)}, "values beyond"),
        ({"real_images": np.full((20, 8, 8, 1), np.nan)}, "values beyond"),
        ({"real_images": np.ones((20, 8, 8, 1), np.uint8)}, "all equal"),
        ({"sources": np.zeros((3, 8, 8, 1))}, "one label or source each"),
        ({"sources": tiny_data().images, "labels": tiny_data().labels}, "Received: both"),
        ({"labels": np.zeros(3, int)}, "one label or source each"),
    ],
)
def test_refused_arguments(arguments: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        HealthMonitor(**{"path": tmp_path / "health.csv", "real_images": tiny_data().images, **arguments})


def test_images_of_another_shape_and_a_foreign_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "health.csv"
    model = shrunk_model("mlp_gan")
    with pytest.raises(InputError, match="model's shape"):
        model.fit(batches(), callbacks=[HealthMonitor(path, np.eye(400).reshape(100, 40, 40, 1))], verbose=0)
    path.write_text("epoch,loss\n0,1.0\n")
    with pytest.raises(InputError, match=r"not a health\.csv of this version"):
        model.fit(batches(), callbacks=[HealthMonitor(path, tiny_data().images)], verbose=0)
    assert path.read_text().startswith("epoch,loss")
