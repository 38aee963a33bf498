"""The laws that every model keeps: those of `conforming.MODELS`, each by its ports alone."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from conforming import CORNERS, ENDS, MODELS, ROWS, arrays_of, batches_of, dataset_of, firsts, of_replicas, tolerance
from exact_runs import KINDS, in_two_pieces
from lanes import corners

import tfgan_suite
from tfgan_suite import InputError
from tfgan_suite.callbacks.sample_grid import SampleGrid
from tfgan_suite.continuation.checkpoints import all_variables
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.compiled import SIDES
from tfgan_suite.options.pairs import TRANSLATORS
from tfgan_suite.presets import PRESETS
from tfgan_suite.serving.export import export_generator
from tfgan_suite.serving.verify import verify_export

# Of networks and settings that others have too, and of many layers.
SLOW = ("wgan", "wgan_gp", "wgan_gp_resnet", "dragan", "pix2pix_isola2017", "cyclegan_zhu2017", "cut_park2020")
ONE_OF_A_CLASS = [*firsts(["model_class"]), "paired toy", "unpaired toy"]
every_model = pytest.mark.parametrize("name", corners(MODELS, *(name for name in MODELS if name not in SLOW)))
every_kind = pytest.mark.parametrize("name", corners(MODELS, *CORNERS))
every_end = pytest.mark.parametrize("name", corners(ENDS, *CORNERS))


def values(variables: list[Any]) -> list[np.ndarray]:
    return [np.array(variable) for variable in variables]


def assert_equal(mine: list[Any], theirs: list[Any], atol: float = 0.0) -> None:
    for one, other in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(np.array(one), np.array(other), rtol=0, atol=atol, err_msg=getattr(one, "path", ""))


@pytest.mark.parametrize("name", corners(MODELS, *CORNERS, "wgan"))
def test_two_steps_move_all_that_learns_and_count(name: str) -> None:
    model = MODELS[name]()
    before = {side: values(model.variables_of(side)) for side in SIDES}
    averages = [values(average.weights) for average, _ in model.averaged()]
    history = model.fit(batches_of(model, 2), verbose=0).history
    biases = [variable for variable in model.variables_of("discriminator") if variable.name == "bias"]
    last = [bias for bias in biases if bias.shape == (1,)]
    # What is added to each logit changes no difference of them, nor the sum of hinges while all logits are small.
    in_vain = last if model.objective.loss in ("wasserstein", "relativistic", "hinge") else []
    for side in SIDES:
        for old, new in zip(before[side], model.variables_of(side), strict=True):
            stands_still = any(new is variable for variable in in_vain)
            assert np.array_equal(old, np.array(new)) == stands_still, new.path
    for old, (average, _) in zip(averages, model.averaged(), strict=True):
        assert any(not np.array_equal(a, b) for a, b in zip(old, values(average.weights), strict=True))
    assert int(model.step.numpy()) == 2
    assert [int(model.optimizer_of(side).iterations.numpy()) for side in SIDES] == [2, 2 * model.num_parts()]
    assert set(history) == set(model.logged)
    assert all(np.isfinite(history[key][0]) for key in model.KEYS)


@pytest.mark.parametrize("name", corners([*ONE_OF_A_CLASS, "wgan"], "cgan", "unpaired toy"))
@pytest.mark.parametrize("still", SIDES)
def test_a_side_moves_by_its_own_optimizer_alone(name: str, still: str) -> None:
    model = MODELS[name]()
    model.optimizer_of(still).learning_rate = 0.0
    other = SIDES[1 - SIDES.index(still)]
    before = {side: values(model.variables_of(side)) for side in SIDES}
    model.fit(batches_of(model, 1), verbose=0)
    if still == "discriminator" and (bound := model.objective.weight_clip) is not None:
        before[still] = [np.clip(weight, -bound, bound) for weight in before[still]]  # no step, and yet a clip
    assert_equal(model.variables_of(still), before[still])
    assert any(not np.array_equal(a, b) for a, b in zip(values(model.variables_of(other)), before[other], strict=True))


@every_kind
def test_evaluation_moves_nothing_and_is_the_same_again(name: str) -> None:
    model = MODELS[name]()
    before = values(model.weights)
    first, second = (model.evaluate(batches_of(model, 2), verbose=0, return_dict=True) for _ in "ab")
    assert set(first) >= set(model.KEYS)
    assert first == pytest.approx(second, rel=1e-6)
    moved = [new.path for old, new in zip(before, model.weights, strict=True) if not np.array_equal(old, np.array(new))]
    assert moved == []


@pytest.mark.parametrize("name", corners(ENDS, "cgan", "unpaired toy"))
def test_arrays_are_taken_as_data_sets_are(name: str) -> None:
    model = MODELS[name]()
    x, y = (*arrays, None)[:2] if isinstance(arrays := arrays_of(model, 16), tuple) else (arrays, None)
    if model.expected().y is None:
        x, y = arrays, None
    held_out = (x,) if y is None else (x, y)
    history = model.fit(x, y, batch_size=8, validation_data=held_out, verbose=0).history
    assert {f"val_{key}" for key in model.KEYS} <= set(history)


@every_end
def test_saved_and_loaded_it_goes_on_as_the_saved_one(name: str, tmp_path: Path) -> None:
    model = MODELS[name]()
    model.fit(batches_of(model, 2), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = tfgan_suite.load_model(tmp_path / "model.keras")
    assert type(loaded) is type(model)
    assert json.loads(json.dumps(loaded.get_config())) == json.loads(json.dumps(model.get_config()))
    for each in (model, loaded):
        each.fit(batches_of(model, 2, first=2), verbose=0)
    assert_equal(all_variables(model), all_variables(loaded), atol=1e-6 if "toy" in name else 0.0)


@every_model
def test_its_configuration_makes_it_again(name: str) -> None:
    of_images = name in PRESETS and PRESETS[name].settings["model_class"] not in TRANSLATORS
    model = MODELS[name](ema_momentum=0.5, seed=7, **({"discriminator_steps": 2} if of_images else {}))
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(model))
    assert copy.get_config() == model.get_config()
    assert [w.shape for w in copy.weights] == [w.shape for w in model.weights]


# All others, over more steps and on four: tests/test_replicas.py.
@pytest.mark.parametrize("name", ["paired toy", "unpaired toy"])
def test_two_replicas_train_what_one_does(name: str, mirrored: tf.distribute.Strategy) -> None:
    one = of_replicas(name)
    with mirrored.scope():
        two = of_replicas(name)
    data = batches_of(one, 4)
    histories = [model.fit(data, epochs=2, verbose=0).history for model in (one, two)]
    for key, series in histories[0].items():
        np.testing.assert_allclose(series, histories[1][key], rtol=1e-5, err_msg=key)
    assert_equal(one.weights, two.weights, atol=tolerance(name))


def test_cut_in_mid_epoch_and_continued_it_is_the_uncut_run_bit_for_bit(tmp_path: Path) -> None:
    """In a process of its own, with operations that give the same bits each time."""
    found = in_two_pieces(CORNERS, tmp_path)
    assert set(found) == {(name, kind) for name in CORNERS for kind in KINDS}
    assert [key for key, equal in found.items() if not equal] == []


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_so_is_every_other_model(part: int, tmp_path: Path) -> None:
    found = in_two_pieces([name for name in MODELS if name not in CORNERS][part::4], tmp_path)
    assert [key for key, equal in found.items() if not equal] == []


@every_end
def test_its_export_answers_as_it_does_in_process(name: str, tmp_path: Path) -> None:
    model = MODELS[name]()
    model.fit(batches_of(model, 2), verbose=0)
    folder = export_generator(model, tmp_path / "out", with_discriminator=True, verify=False)
    assert verify_export(folder, model) == []
    signatures = tf.saved_model.load(str(folder)).signatures
    endpoints = model.endpoints(with_discriminator=True)
    assert set(signatures) == set(endpoints)
    inputs = endpoints["serving_default"].ports.examples(3)
    served = signatures["serving_default"](**{key: tf.constant(value) for key, value in inputs.items()})
    (images,) = served.values()
    np.testing.assert_allclose(
        images, endpoints["serving_default"].function(*map(tf.constant, inputs.values())), atol=1e-5
    )
    if images.dtype == tf.float32:  # else the model is called on other numbers than it is served
        called = model(list(inputs.values()) if len(inputs) > 1 else next(iter(inputs.values())))
        np.testing.assert_allclose(images, called, atol=1e-5)


@every_end
def test_what_it_shows_becomes_a_picture(name: str, tmp_path: Path) -> None:
    model = MODELS[name]()
    callback = SampleGrid(tmp_path, count=6, examples=tuple(tf.nest.flatten(arrays_of(model, 6))))
    callback.set_model(model)
    pixels = callback.draw()
    assert pixels.dtype == np.uint8 and pixels.ndim == 3
    assert min(pixels.shape[:2]) > 100
    np.testing.assert_array_equal(callback.draw(), pixels)


def wrong_batches(model: Algorithm) -> Iterator[tuple[str, Any]]:
    """What is wrong with the last row, and a batch that has it, for each port of the model."""
    good = arrays_of(model, ROWS)
    ports = model.expected().ports
    for index, port in enumerate(ports):
        array = tf.nest.flatten(good)[index]
        spoilt = array.copy()
        spoilt[-1] = 9
        others = {f"{port.name} of 9": spoilt, f"{port.name} of another shape": np.stack([array, array], 1)}
        if port.kind == "images":
            spoilt = array.copy()
            spoilt[-1] = np.nan
            others |= {f"{port.name} of NaN": spoilt, f"{port.name} as bytes": array.astype(np.uint8)}
        for what, wrong in others.items():
            flat = list(tf.nest.flatten(good))
            flat[index] = wrong
            yield what, tf.nest.pack_sequence_as(good, flat)
    if len(ports) > 1:
        yield f"no {ports[-1].name}", tf.nest.flatten(good)[0]


@every_end
def test_it_refuses_what_is_wrong_before_a_step(name: str) -> None:
    model = MODELS[name]()
    before = values(all_variables(model))
    for what, batch in wrong_batches(model):
        x, y = batch if isinstance(batch, tuple) and model.expected().y is not None else (batch, None)
        for method in (model.train_on_batch, model.test_on_batch):
            with pytest.raises(InputError) as caught:
                method(x, y)
            assert "\n" not in str(caught.value) and "Received" in str(caught.value), what
    assert_equal(all_variables(model), before)


@every_end
def test_the_graph_refuses_a_later_batch_before_a_weight_moves(name: str) -> None:
    model = MODELS[name]()
    good = batches_of(model, 1)
    model.fit(good, verbose=0)
    for what, batch in wrong_batches(model):
        if not what.endswith(("of 9", "of NaN")):
            continue
        steps = int(model.step.numpy())
        with pytest.raises(InputError, match="Received"):
            model.fit(good.concatenate(dataset_of(model, batch).batch(ROWS)), verbose=0)
        assert int(model.step.numpy()) == steps + 1, what  # the good batch alone
