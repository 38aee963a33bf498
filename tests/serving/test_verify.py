"""The check of an export: silent where all holds, and one sentence for each fault."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from exported import lively_model
from lanes import slow

import tfgan_suite.serving.export as export
from tfgan_suite import GAN, InputError
from tfgan_suite.ports import Port, Ports, generator_ports
from tfgan_suite.serving.export import export_generator
from tfgan_suite.serving.saved_generator import CARD
from tfgan_suite.serving.signatures import Signature, signatures
from tfgan_suite.serving.verify import verify_export
from tfgan_suite.serving.warmup import WARMUP, write_warmup


@pytest.mark.parametrize("name", ["dcgan", "cgan"])
def test_an_export_that_holds_has_no_findings(name: str, request: pytest.FixtureRequest) -> None:
    said: list[str] = []
    assert verify_export(request.getfixturevalue(f"{name}_version"), lively_model(name), said.append) == []
    checks = ["operations", "signatures", "weights", "warmup", "rows", "refusals", "images"]
    assert [line.partition(":")[0] for line in said] == checks


@pytest.mark.parametrize(
    "settings", [{"dtype_policy": "mixed_bfloat16"}, slow({"ema_momentum": 0.9}), {"attributes": True}]
)
def test_kinds_of_models_hold(settings: dict[str, object], tmp_path: Path) -> None:
    model = lively_model("cgan", **settings)
    assert verify_export(export_generator(model, tmp_path, with_discriminator=True, verify=False), model) == []


def test_other_weights_are_seen(dcgan_version: Path) -> None:
    model = lively_model("dcgan")
    bias = next(weight for weight in model.sampling_generator.weights if "beta" in weight.path)
    bias.assign(bias + 0.01)
    findings = verify_export(dcgan_version, model)
    assert all(" differs from the Keras model by 0.0" in finding for finding in findings)
    assert {finding.split()[0] for finding in findings} >= {
        "serving_default",
        "sample",
        "sample_truncated",
        "interpolate",
    }


Wrong = Callable[[dict[str, Signature]], None]


def no_refusal(found: dict[str, Signature]) -> None:
    def sample(seeds: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"images": tf.tile(tf.cast(seeds, tf.float32)[:, None, None, None], [1, 8, 8, 1])}

    found["sample"] = found["sample"]._replace(function=sample)


def batch_statistics(found: dict[str, Signature]) -> None:
    right = found["serving_default"].function

    def serving_default(latents: tf.Tensor) -> dict[str, tf.Tensor]:
        images = right(latents)["images"]
        return {"images": images - tf.reduce_mean(images, axis=0, keepdims=True)}

    found["serving_default"] = found["serving_default"]._replace(function=serving_default)


class ScalarPort(Port):
    """A number for all rows, which no port is."""

    def spec(self) -> tf.TensorSpec:
        return tf.TensorSpec([], self.dtype, name=self.name)


def scalar_input(found: dict[str, Signature]) -> None:
    right = found["sample_truncated"].function

    def sample_truncated(seeds: tf.Tensor, truncation: tf.Tensor) -> dict[str, tf.Tensor]:
        return right(seeds, tf.repeat(truncation, tf.shape(seeds)[0]))

    ports = found["sample"].ports
    scalar = ScalarPort("truncation", "truncation", tf.float32, (), example=lambda numbers: np.float32(0.7))
    found["sample_truncated"] = Signature(sample_truncated, Ports((ports.inputs[0], scalar), ports.output))


def missing(found: dict[str, Signature]) -> None:
    del found["interpolate"]


def unnamed_output(found: dict[str, Signature]) -> None:
    right = found["sample"].function
    found["sample"] = found["sample"]._replace(function=lambda seeds: right(seeds)["images"])


def compiled(found: dict[str, Signature]) -> None:
    found["sample"] = found["sample"]._replace(function=tf.function(found["sample"].function, jit_compile=True))


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (no_refusal, "sample must refuse 4097 rows."),
        (batch_statistics, "Rows of serving_default depend on the rows beside them"),
        (scalar_input, "truncation of sample_truncated must be float32"),
        slow(missing, "The signature interpolate is missing."),
        slow(unnamed_output, "The outputs of sample must be ['images']. Received: ['output_0']."),
        (compiled, "A function must be compiled by XLA"),
    ],
)
def test_a_wrong_signature_is_found_and_nothing_is_written(
    change: Wrong, finding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(model: GAN, card: dict[str, Any], with_discriminator: bool) -> dict[str, Signature]:
        found = signatures(model, card, with_discriminator)
        change(found)
        return found

    monkeypatch.setattr(export, "signatures", changed)
    with pytest.raises(InputError) as caught:
        export_generator(lively_model("mlp_gan"), tmp_path)
    assert finding in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@keras.saving.register_keras_serializable(package="tests")
class AlwaysNoisy(keras.layers.Layer):
    """Noise in use as in training, from Keras's generator with a state."""

    def __init__(self) -> None:
        super().__init__()
        self.seed_generator = keras.random.SeedGenerator(1)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs + keras.random.normal(keras.ops.shape(inputs), seed=self.seed_generator)


def dense_gan(*layers: keras.layers.Layer) -> GAN:
    generator = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(64), keras.layers.Reshape((8, 8, 1))])
    discriminator = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    return GAN(generator, discriminator)


def test_random_numbers_with_a_state_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="AssignVariableOp stands for a layer with a state"):
        export_generator(dense_gan(AlwaysNoisy()), tmp_path)


def test_the_state_of_layers_for_training_alone_is_not_written(tmp_path: Path) -> None:
    model = dense_gan(keras.layers.Dropout(0.5), keras.layers.GaussianNoise(0.1))
    version = export_generator(model, tmp_path)
    written = tf.train.load_checkpoint(str(version / "variables" / "variables")).get_variable_to_dtype_map()
    assert {dtype for name, dtype in written.items() if name != "_CHECKPOINTABLE_OBJECT_GRAPH"} == {tf.float32}


def test_doubled_weights_are_found(dcgan_version: Path, tmp_path: Path) -> None:
    version = Path(shutil.copytree(dcgan_version, tmp_path / "1"))
    card = json.loads((version / CARD).read_text())
    (version / CARD).write_text(json.dumps({**card, "parameters": card["parameters"] // 2}))
    (finding,) = verify_export(version)
    assert finding.endswith("weights are doubled.")


def test_a_warmup_with_a_gap_is_found(dcgan_version: Path, tmp_path: Path) -> None:
    version = Path(shutil.copytree(dcgan_version, tmp_path / "1"))
    ports = generator_ports(json.loads((version / CARD).read_text()), with_discriminator=True)
    (version / WARMUP).unlink()
    write_warmup(version, {name: ports[name] for name in ("sample", "score")})
    (finding,) = verify_export(version)
    assert finding.startswith("The warmup lacks requests of 28 pairs of signature and rows")


def test_what_is_no_export_raises(dcgan_version: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no SavedModel"):
        verify_export(tmp_path)
    version = Path(shutil.copytree(dcgan_version, tmp_path / "1"))
    (version / CARD).unlink()
    with pytest.raises(InputError, match="no generator of tfgan_suite"):
        verify_export(tmp_path)


def test_images_of_five_channels_have_no_png(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    generator = keras.Sequential([keras.Input((4,)), keras.layers.Dense(80), keras.layers.Reshape((4, 4, 5))])
    generator.layers[0].kernel.assign(random.normal(size=(4, 80)))
    discriminator = keras.Sequential([keras.Input((4, 4, 5)), keras.layers.Flatten(), keras.layers.Dense(1)])
    version = export_generator(GAN(generator, discriminator), tmp_path)
    assert verify_export(version) == []
    assert "sample_png" not in tf.saved_model.load(str(version)).signatures
