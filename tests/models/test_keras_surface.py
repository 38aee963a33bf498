"""Keras's methods on a GAN: each argument is honoured or refused, in every method that takes it."""

import inspect
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from lanes import corners
from shrunk import untuned

from tfgan_suite import GAN, MLPGAN, ConditionalGAN, InputError
from tfgan_suite.continuation.checkpoints import all_variables

SHAPE = (8, 8, 1)
X = np.random.default_rng(0).uniform(-1, 1, (20, *SHAPE)).astype(np.float32)
Y = np.arange(20) % 3
A = np.eye(3, dtype=np.float32)[Y]
Z = np.random.default_rng(1).normal(size=(20, 4)).astype(np.float32)


def gan(**settings: Any) -> GAN:
    model = MLPGAN(SHAPE, latent_dim=4, generator_units=(8,), discriminator_units=(8,), **settings)
    model.compile()
    return model


def cgan(kind: str = "classes") -> GAN:
    sizes = {"num_classes": 3} if kind == "classes" else {"num_attributes": 3}
    model = ConditionalGAN(SHAPE, **sizes, latent_dim=4, body="mlp", generator_units=(8,), discriminator_units=(8,))
    model.compile()
    return model


class Batches(keras.utils.PyDataset):
    """Batches of a list."""

    def __init__(self, batches: list[Any]):
        super().__init__()
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> Any:
        return self.batches[index]


def batches_of(x: Any, y: Any) -> list[Any]:
    parts = [slice(start, start + 5) for start in range(0, len(x), 5)]
    return [x[part] if y is None else (x[part], y[part]) for part in parts]


def generator_of(x: Any, y: Any) -> Iterator[Any]:
    yield from batches_of(x, y)


def dataset_of(x: Any, y: Any) -> tf.data.Dataset:
    return untuned(tf.data.Dataset.from_tensor_slices(x if y is None else (x, y)).batch(5))


# How images and labels reach a model: each fits a model, and is told what to leave it with.
WAYS: dict[str, Callable[[GAN, Any, Any], Any]] = {
    "fit arrays": lambda m, x, y: m.fit(x, y, 5, verbose=0, shuffle=False),
    "fit dataset": lambda m, x, y: m.fit(dataset_of(x, y), verbose=0),
    "fit PyDataset": lambda m, x, y: m.fit(Batches(batches_of(x, y)), verbose=0),
    "fit generator": lambda m, x, y: m.fit(generator_of(x, y), verbose=0, steps_per_epoch=4),
    "train_on_batch": lambda m, x, y: [m.train_on_batch(x[i : i + 5], None if y is None else y[i : i + 5])
                                       for i in range(0, len(x), 5)],
    "validation arrays": lambda m, x, y: m.fit(X[:5], _good(m, 5), verbose=0, validation_data=(x, y)),
    "validation dataset": lambda m, x, y: m.fit(X[:5], _good(m, 5), verbose=0, validation_data=dataset_of(x, y)),
    "validation generator": lambda m, x, y: m.fit(X[:5], _good(m, 5), verbose=0, validation_data=generator_of(x, y),
                                                  validation_steps=4),
    "evaluate arrays": lambda m, x, y: m.evaluate(x, y, 5, verbose=0),
    "evaluate dataset": lambda m, x, y: m.evaluate(dataset_of(x, y), verbose=0),
    "evaluate generator": lambda m, x, y: m.evaluate(generator_of(x, y), verbose=0, steps=4),
    "test_on_batch": lambda m, x, y: [m.test_on_batch(x[i : i + 5], None if y is None else y[i : i + 5])
                                      for i in range(0, len(x), 5)],
}  # fmt: skip


def _good(model: GAN, count: int) -> Any:
    if model.label_spec() is None:
        return None
    return (Y if model.num_classes else A)[:count]


def spoilt(values: np.ndarray, rows: slice, number: float) -> np.ndarray:
    values = values.copy()
    values[rows] = number
    return values


FIRST, LAST = slice(0, 1), slice(19, 20)
WRONG_IMAGES = {
    "uint8": (lambda: ((X + 1) * 127.5).astype(np.uint8), "Received: uint8"),
    "0..255": (lambda: (X + 1) * 127.5, r"in \[-1, 1\]"),
    "255 in the last row": (lambda: spoilt(X, LAST, 255.0), r"in \[-1, 1\]"),
    "NaN in the last row": (lambda: spoilt(X, LAST, np.nan), r"in \[-1, 1\]"),
    "another shape": (lambda: X[:, :4], "generator's shape"),
}
WRONG_CLASSES = {
    "-1": (lambda: Y - 1, r"in 0\.\.2"),
    "K": (lambda: Y + 1, r"in 0\.\.2"),
    "-1 in the last row": (lambda: spoilt(Y, LAST, -1), r"in 0\.\.2"),
    "one-hot": (lambda: A, "argmax"),
    "floats": (lambda: Y.astype(np.float32), "astype"),
    "text": (lambda: np.array(["a", "b", "c"])[Y], "np.unique"),
    "none": (lambda: None, "images alone"),
}
WRONG_ATTRIBUTES = {
    "CelebA's coding": (lambda: 2 * A - 1, r"\(labels \+ 1\) // 2"),
    "5": (lambda: 5 * A, "zeros and ones|0 or 1"),
    "5 in the last row": (lambda: spoilt(A, LAST, 5), "zeros and ones|0 or 1"),
    "classes": (lambda: Y, "rows of 3"),
}


def state_of(model: GAN) -> list[np.ndarray]:
    return [np.array(variable) for variable in all_variables(model)]


def refuses_without_a_step(model: GAN, way: str, x: Any, y: Any, message: str) -> None:
    """The last batch's fault may be seen after the first three batches; no step is taken on a wrong one."""
    steps = int(model.step.numpy())
    before = state_of(model)
    with pytest.raises(InputError, match=message) as caught:
        WAYS[way](model, x, y)
    assert "\n" not in str(caught.value)
    if int(model.step.numpy()) == steps:
        for old, new in zip(before, state_of(model), strict=True):
            np.testing.assert_array_equal(old, new)


@pytest.fixture(scope="module")
def models() -> dict[str, GAN]:
    return {"gan": gan(), "classes": cgan(), "attributes": cgan("attributes")}


# The corners: Keras reads an array, a data set and a generator each in its own way, in training and in validation.
QUICK = ("fit dataset", "fit generator", "train_on_batch", "validation dataset", "evaluate arrays")


@pytest.mark.parametrize("way", WAYS)
def test_wrong_images_are_refused_by_every_way(way: str, models: dict[str, GAN]) -> None:
    for make, message in WRONG_IMAGES.values():
        refuses_without_a_step(models["gan"], way, make(), None, message)


@pytest.mark.parametrize("way", corners(WAYS, *QUICK))
def test_wrong_labels_are_refused_by_every_way(way: str, models: dict[str, GAN]) -> None:
    for kind, wrong in (("classes", WRONG_CLASSES), ("attributes", WRONG_ATTRIBUTES)):
        for make, message in wrong.values():
            refuses_without_a_step(models[kind], way, X, make(), message)


@pytest.mark.parametrize("way", corners(WAYS, *QUICK))
def test_right_input_passes_every_way(way: str, models: dict[str, GAN]) -> None:
    WAYS[way](models["gan"], X, Y)  # labels that the data have are left aside
    WAYS[way](models["classes"], X, Y[:, None].astype(np.uint8))
    WAYS[way](models["attributes"], X, A.astype(bool))


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool, np.float32])
def test_labels_of_every_type_that_holds_them_are_taken(dtype: Any, models: dict[str, GAN]) -> None:
    WAYS["fit dataset"](models["attributes"], X, A.astype(dtype))
    if np.issubdtype(dtype, np.integer):
        WAYS["fit dataset"](models["classes"], X, Y.astype(dtype))


@pytest.mark.parametrize("way", WAYS)
def test_images_from_0_on_bring_a_warning(way: str, models: dict[str, GAN]) -> None:
    with pytest.warns(UserWarning, match="No pixel is below 0") as caught:
        WAYS[way](models["gan"], (X + 1) / 2, None)
    assert len(caught) == (4 if "batch" in way else 1)  # once a call


@pytest.mark.parametrize(
    ("wrong", "updates"),
    corners(
        itertools.product(["images", "labels"], ["alternating", "simultaneous"]),
        ("labels", "simultaneous"),
    ),
)
def test_no_weight_moves_in_a_batch_that_the_graph_refuses(updates: str, wrong: str) -> None:
    model = ConditionalGAN(SHAPE, num_classes=3, latent_dim=4, body="mlp", generator_units=(8,), updates=updates)
    model.compile()
    model.fit(X[:5], Y[:5], verbose=0)
    before = state_of(model)
    x = spoilt(X, slice(5, 20), 3.0) if wrong == "images" else X
    y = spoilt(Y, slice(5, 20), 3) if wrong == "labels" else Y
    data = dataset_of(x, y).skip(1)
    ahead = dataset_of(X, Y).take(1).concatenate(data)  # a good batch for the look, then the wrong one
    with pytest.raises(InputError, match="must be in"):
        model.fit(ahead, verbose=0)
    twin = ConditionalGAN(SHAPE, num_classes=3, latent_dim=4, body="mlp", generator_units=(8,), updates=updates)
    twin.compile()
    for variable, value in zip(all_variables(twin), before, strict=True):
        variable.assign(value)
    twin.fit(dataset_of(X, Y).take(1), verbose=0)
    for mine, theirs in zip(state_of(model), state_of(twin), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_under_replicas_the_graph_refuses_too(mirrored: tf.distribute.Strategy) -> None:
    with mirrored.scope():
        model = gan(updates="simultaneous")
    before = state_of(model)
    good = dataset_of(X, None).take(1)
    model.fit(good, verbose=0)
    after_one = state_of(model)
    assert any((old != new).any() for old, new in zip(before, after_one, strict=True))
    with pytest.raises(InputError, match=r"in \[-1, 1\]"):
        model.fit(good.concatenate(dataset_of(spoilt(X, slice(4, 5), 9.0), None).take(1)), verbose=0)
    assert int(model.step.numpy()) == 2


def test_eager_execution_refuses_in_the_same_words() -> None:
    model = cgan()
    model.compile(run_eagerly=True)
    with pytest.raises(InputError, match=r"in 0\.\.2\. Received: 0 to 3\."):
        model.fit(dataset_of(X, spoilt(Y, LAST, 3)), verbose=0)


@pytest.mark.parametrize("way", ["call", "predict", "predict_on_batch"])
def test_latents_and_labels_are_looked_at_by_what_makes_images(way: str, models: dict[str, GAN]) -> None:
    def make(model: GAN, inputs: Any) -> np.ndarray:
        return np.asarray(model(inputs) if way == "call" else getattr(model, way)(inputs))

    classes, attributes = models["classes"], models["attributes"]
    np.testing.assert_allclose(make(classes, [Z, Y]), make(classes, [Z, Y[:, None]]), atol=1e-6)
    assert make(attributes, [Z, A.astype(np.int64)]).shape == (20, *SHAPE)
    wrong = [
        (models["gan"], Z[:, :3], r"shape \(N, 4\)"),
        (models["gan"], [Z, Y], "latents alone"),
        (models["gan"], Z.astype(np.int32), "floating"),
        (classes, Z, r"\[latents, labels\]"),
        *((classes, [Z, make_labels()], said) for name, (make_labels, said) in WRONG_CLASSES.items() if name != "none"),
        *((attributes, [Z, make_labels()], said) for make_labels, said in WRONG_ATTRIBUTES.values()),
    ]
    for model, inputs, message in wrong:
        with pytest.raises(InputError, match=message) as caught:
            make(model, inputs)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_weights_of_samples_and_classes_are_refused(method: str) -> None:
    model = cgan()
    takes = inspect.signature(getattr(keras.Model, method)).parameters
    for name, value in (("sample_weight", np.ones(20)), ("class_weight", {0: 1.0})):
        if name in takes:
            with pytest.raises(InputError, match=f"no {name}"):
                getattr(model, method)(X, Y, **{name: value})
    if "batch" not in method:
        with pytest.raises(InputError, match="no sample_weight"):
            getattr(model, method)(tf.data.Dataset.from_tensor_slices((X, Y, np.ones(20))).batch(5))
        with pytest.raises(InputError, match="no sample_weight"):
            getattr(model, method)(Batches([(X, Y, np.ones(20))]))
    with pytest.raises(InputError, match="no sample_weight"):
        model.fit(X, Y, validation_data=(X, Y, np.ones(20)), verbose=0)


def test_arguments_stand_at_keras_positions() -> None:
    for name in ("fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch"):
        mine, theirs = (list(inspect.signature(getattr(kind, name)).parameters) for kind in (GAN, keras.Model))
        assert mine == theirs, name
    assert len(gan().fit(X, None, 8, 2, 0).history["generator_loss"]) == 2


def test_compile_takes_no_argument_that_the_step_would_not_look_at() -> None:
    for name in ("metrics", "loss_weights", "weighted_metrics", "optimizer", "auto_scale_loss"):
        with pytest.raises(InputError, match=f"takes no {name}"):
            gan().compile(**{name: None})
    with pytest.raises(InputError, match="ema_momentum"):
        gan().compile(keras.optimizers.Adam(use_ema=True))
    with pytest.warns(UserWarning, match="jit_compile"):
        gan().compile(jit_compile=True)


# ---- keras.Model's and keras.Optimizer's public members, one by one -----------------------------------

REFUSED = {
    "add_loss", "add_metric", "compute_loss", "compute_metrics", "export", "quantize", "stateless_compute_loss",
}  # fmt: skip
# What Keras itself does for any subclassed model: properties that are read, and methods that need no more.
READ = {
    "compute_dtype", "distribute_strategy", "dtype", "dtype_policy", "input_dtype",
    "input_spec", "jit_compile", "layers", "losses", "metrics", "metrics_names", "metrics_variables",
    "non_trainable_variables", "non_trainable_weights", "path", "quantization_mode", "run_eagerly", "supports_masking",
    "trainable", "trainable_variables", "trainable_weights", "variable_dtype", "variables", "weights", "loss",
}  # fmt: skip
WORK: dict[str, Callable[[GAN], Any]] = {
    "add_variable": lambda m: m.add_variable((1,), "zeros"),
    "add_weight": lambda m: m.add_weight((1,), "zeros"),
    "build": lambda m: m.build((None, 4)),
    "call": lambda m: m.call(Z),
    "compute_mask": lambda m: m.compute_mask(Z, None),
    "compute_output_shape": lambda m: m.compute_output_shape((None, 4)),
    "compute_output_spec": lambda m: m.compute_output_spec(keras.KerasTensor((None, 4))),
    "count_params": lambda m: m.count_params(),
    "evaluate": lambda m: m.evaluate(X, verbose=0),
    "fit": lambda m: m.fit(X, verbose=0),
    "from_config": lambda m: type(m).from_config(m.get_config()),
    "get_build_config": lambda m: m.get_build_config(),
    "get_compile_config": lambda m: m.get_compile_config(),
    "get_config": lambda m: m.get_config(),
    "get_layer": lambda m: m.get_layer(index=0),
    "get_metrics_result": lambda m: m.get_metrics_result(),
    "get_state_tree": lambda m: m.get_state_tree(),
    "get_weights": lambda m: m.get_weights(),
    "make_predict_function": lambda m: m.make_predict_function(),
    "make_test_function": lambda m: m.make_test_function(),
    "make_train_function": lambda m: m.make_train_function(),
    "predict": lambda m: m.predict(Z, verbose=0),
    "predict_on_batch": lambda m: m.predict_on_batch(Z),
    "predict_step": lambda m: m.predict_step((Z,)),
    "reset_metrics": lambda m: m.reset_metrics(),
    "set_state_tree": lambda m: m.set_state_tree(m.get_state_tree()),
    "set_weights": lambda m: m.set_weights(m.get_weights()),
    "stateless_call": lambda m: m.stateless_call(m.trainable_variables, m.non_trainable_variables, Z),
    "summary": lambda m: m.summary(print_fn=lambda line, **_: None),
    "symbolic_call": lambda m: m.symbolic_call(keras.KerasTensor((None, 4))),
    "test_on_batch": lambda m: m.test_on_batch(X),
    "test_step": lambda m: m.test_step((X,)),
    "to_json": lambda m: m.to_json(),
    "train_on_batch": lambda m: m.train_on_batch(X),
    "train_step": lambda m: m.train_step((X,)),
}
# Saved and loaded in test_loading.py and test_checkpoints.py; or not for a caller; or of Functional models alone.
ELSEWHERE = {
    "build_from_config", "compile", "compile_from_config", "compiled_loss", "compiled_metrics",
    "distribute_reduction_method",
    "get_quantization_layer_structure", "input", "load_own_variables", "load_weights", "output", "quantized_build",
    "quantized_call", "rematerialized_call", "save", "save_own_variables", "save_weights",
}  # fmt: skip


def test_every_public_member_of_keras_model_is_known() -> None:
    public = {name for name in dir(keras.Model) if not name.startswith("_")}
    assert public == REFUSED | READ | set(WORK) | ELSEWHERE


def test_what_an_adversarial_model_does_not_do_is_refused() -> None:
    for name in REFUSED:
        with pytest.raises(InputError, match="GAN"):
            getattr(gan(), name)(*(["int8"] if name == "quantize" else []))


def test_what_keras_offers_any_model_works() -> None:
    model = gan()
    for name in READ:
        getattr(model, name)
    for name, use in WORK.items():
        try:
            use(model)
        except Exception as error:
            raise AssertionError(f"{name}: {error}") from error


OF_ONE = {
    "add_optimizer_variables", "add_variable", "add_variable_from_reference", "apply", "apply_gradients", "assign",
    "assign_add", "assign_sub", "build", "exclude_from_weight_decay", "finalize_variable_values", "from_config",
    "load_own_variables", "save_own_variables", "scale_loss", "set_weights", "stateless_apply", "update_step",
}  # fmt: skip
SETTINGS = {
    "clipnorm": 1.0, "clipvalue": 1.0, "ema_momentum": 0.5, "ema_overwrite_frequency": 3, "global_clipnorm": 1.0,
    "gradient_accumulation_steps": 2, "learning_rate": 0.125, "loss_scale_factor": 2.0, "use_ema": True,
    "weight_decay": 0.1,
}  # fmt: skip
OF_BOTH = {"built", "get_config", "iterations", "name", "variables"}


def test_every_public_member_of_keras_optimizer_is_known() -> None:
    public = {name for name in dir(keras.optimizers.SGD(momentum=0.1)) if not name.startswith("_")}
    assert public - {"momentum", "nesterov"} == OF_ONE | set(SETTINGS) | OF_BOTH


def test_an_optimizers_work_is_refused_for_two() -> None:
    pair = gan().optimizer
    for name in OF_ONE:
        with pytest.raises(InputError, match=f"generator_optimizer.{name}"):
            getattr(pair, name)()
    for name in ("apply", "iterations", "variables", "update_step"):
        with pytest.raises(InputError, match="cannot be set"):
            setattr(pair, name, 1)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_read_and_set_where_both_have_it_equal(name: str) -> None:
    model = gan()
    setattr(model.optimizer, name, SETTINGS[name])
    for optimizer in (model.optimizer, model.generator_optimizer, model.discriminator_optimizer):
        assert np.array(getattr(optimizer, name)) == pytest.approx(SETTINGS[name])
    setattr(model.discriminator_optimizer, name, {"use_ema": False}.get(name, 7.0))
    with pytest.raises(InputError, match=f"generator_optimizer.{name} is"):
        getattr(model.optimizer, name)
    with pytest.raises(InputError, match="Set each"):
        setattr(model.optimizer, name, SETTINGS[name])


def test_a_rate_of_0_stops_both_networks() -> None:
    model = gan()
    model.optimizer.learning_rate = 0.0
    before = [np.array(weight) for weight in model.trainable_weights]
    model.fit(X, verbose=0)
    for old, new in zip(before, model.trainable_weights, strict=True):
        np.testing.assert_array_equal(old, np.array(new))


def test_a_rate_that_follows_a_schedule_is_not_set() -> None:
    model = gan()
    model.compile(*(keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)) for _ in range(2)))
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1)
    with pytest.raises(InputError, match="LearningRateSchedule"):
        model.optimizer.learning_rate = 0.0


def test_names_that_no_optimizer_has_are_no_attributes() -> None:
    pair = gan().optimizer
    assert not hasattr(pair, "inner_optimizer")
    with pytest.raises(AttributeError, match="rate"):
        pair.rate = 0.0
    assert [variable.shape for variable in pair.variables] == [
        variable.shape for optimizer in pair.optimizers for variable in optimizer.variables
    ]
