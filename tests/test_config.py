import dataclasses
import math
import typing
from typing import Any

import pytest

from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.command_line.parsing import train_defaults
from tfgan_suite.config import CHOICES, TrainConfig, parse_size
from tfgan_suite.errors import InputError
from tfgan_suite.models.gan import UPDATES
from tfgan_suite.networks.bodies import BODIES, DTYPE_POLICIES
from tfgan_suite.options.pairs import PairOptions
from tfgan_suite.picture_rules import FITS
from tfgan_suite.presets import MODELS, PRESETS

FIELDS = {field.name: field for field in dataclasses.fields(TrainConfig)}
every_preset = pytest.mark.parametrize("name", sorted(PRESETS))


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("model_class", list(MODELS)),
        ("body", ["dcgan", *BODIES]),
        ("dtype_policy", DTYPE_POLICIES),
        ("updates", UPDATES),
        ("fit", FITS),
    ],
)
def test_choices_are_the_names_of_their_owners(field: str, names: list[str]) -> None:
    assert sorted(CHOICES[field]) == sorted(names)


@pytest.mark.parametrize(("field", "name"), [(field, name) for field in CHOICES for name in CHOICES[field]])
def test_every_choice_is_taken(field: str, name: str) -> None:
    needed: dict[str, Any] = {
        "model": {"MLPGAN": "mlp_gan", "DCGAN": "dcgan", "Pix2Pix": "pix2pix", "SRGAN": "super_resolve",
                  "CycleGAN": "cyclegan", "CUT": "cut"}.get(name, "cgan")
    }  # fmt: skip
    if field in [option.name for option in dataclasses.fields(PairOptions)]:
        needed = {"model": "inpaint" if field == "mask_kind" else "pix2pix"}
    assert getattr(TrainConfig.from_preset(**needed, **{field: name}), field) == name


def test_a_preset_that_was_not_applied_is_refused() -> None:
    with pytest.raises(InputError, match="from_preset"):
        TrainConfig(model="dcgan")


@pytest.mark.parametrize("field", CHOICES)
def test_another_choice_is_refused_with_the_argument_and_the_names(field: str) -> None:
    close = CHOICES[field][-1][:-1]
    with pytest.raises(InputError, match=f"Unknown {field} '{close}'.*Did you mean {CHOICES[field][-1]}"):
        TrainConfig(**{field: close})


REFUSED: list[tuple[str, Any]] = [
    ("epochs", 0),
    ("batch_size", 0),
    ("steps_per_epoch", 0),
    ("latent_dim", -1),
    ("generator_units", (128, 0)),
    ("discriminator_units", (-1,)),
    ("base_filters", 0),
    ("discriminator_steps", 0),
    ("decay_steps", 0),
    ("logical_devices", 0),
    ("steps_per_execution", 0),
    ("keep_checkpoints", 0),
    ("sample_count", 0),
    ("channels", 2),
    ("cache_gigabytes", -0.1),
    ("cache_gigabytes", math.inf),
    ("crop", -1),
    ("rotation", -1.0),
    ("rotation", 180.1),
    ("seed", -1),
    ("seed", 2**31),
    ("dropout", 1.0),
    ("dropout", -0.1),
    ("initializer_stddev", 0.0),
    ("label_smoothing", 0.5),
    ("label_smoothing", -0.1),
    ("generator_learning_rate", 0.0),
    ("discriminator_learning_rate", -1e-4),
    ("discriminator_learning_rate", math.nan),
    ("generator_learning_rate", math.inf),
    ("beta_1", 1.0),
    ("decay_rate", 0.0),
    ("decay_rate", 1.0),
    ("ema_momentum", 1.0),
]


@pytest.mark.parametrize(("field", "value"), REFUSED)
def test_values_out_of_range_are_refused_with_their_argument(field: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"^{field} must be"):
        TrainConfig(**{field: value})


def test_an_impossible_image_size_is_refused() -> None:
    with pytest.raises(InputError, match="at least 4 pixels"):
        TrainConfig(image_size="3")


REFUSED += [
    ("background", "whit"),
    ("background", "#11223344"),
    ("levels", "4095"),
    ("levels", "9:1"),
]
TAKEN: list[tuple[str, Any]] = [
    ("cache_gigabytes", 0.0),
    ("rotation", 180.0),
    ("seed", 2**31 - 1),
    ("dropout", 0.0),
    ("label_smoothing", 0.49),
    ("beta_1", 0.0),
    ("ema_momentum", 0.9999),
    ("channels", 4),
    ("image_size", "4x4"),
    ("background", "#ff8000"),
    ("levels", "0:4095"),
    ("levels", "auto"),
    ("generator_units", (1,)),
]


@pytest.mark.parametrize(("field", "value"), TAKEN)
def test_the_ends_of_the_ranges_are_taken(field: str, value: Any) -> None:
    assert getattr(TrainConfig(**{field: value}), field) == value


def test_simultaneous_updates_take_one_discriminator_step() -> None:
    TrainConfig(updates="alternating", discriminator_steps=5)
    with pytest.raises(InputError, match=r"updates='simultaneous' takes one .*discriminator_steps=2"):
        TrainConfig(updates="simultaneous", discriminator_steps=2)


def test_unknown_model() -> None:
    with pytest.raises(InputError, match=r"Unknown model 'dcgam'\. Did you mean dcgan"):
        TrainConfig(model="dcgam")
    with pytest.raises(InputError, match=r"Unknown model 'dcgam'\. Did you mean dcgan"):
        TrainConfig.from_preset("dcgam")


def test_a_configuration_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainConfig().epochs = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "size"), [("64", (64, 64)), ("48x64", (48, 64)), ("4X5", (4, 5)), ("4", (4, 4)), ("1024x768", (1024, 768))]
)
def test_parse_size(text: str, size: tuple[int, int]) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "x", "64x", "x64", "64x64x3", "-64", "6.4", "64 x 64", "3", "64x3", "auto"])
def test_parse_size_refuses(text: str) -> None:
    with pytest.raises(InputError, match=f"Received: {text!r}"):
        parse_size(text)


@every_preset
def test_preset_settings_are_what_the_configuration_has(name: str) -> None:
    config = TrainConfig.from_preset(name)
    assert config.model == name
    assert {field: getattr(config, field) for field in PRESETS[name].settings} == PRESETS[name].settings
    untouched = set(FIELDS) - set(PRESETS[name].settings) - {"model"}
    assert all(getattr(config, field) == FIELDS[field].default for field in untouched)


@every_preset
def test_given_settings_beat_the_preset(name: str) -> None:
    config = TrainConfig.from_preset(name, batch_size=7, generator_learning_rate=0.25)
    assert (config.batch_size, config.generator_learning_rate) == (7, 0.25)


def test_another_body_gets_nothing_that_only_the_bodies_of_the_preset_take() -> None:
    preset, config = PRESETS["cgan"].settings, TrainConfig.from_preset("cgan", body="resnet")
    assert (config.body, config.dropout, config.initializer_stddev) == ("resnet", None, None)
    assert config.ema_momentum == preset["ema_momentum"]
    assert TrainConfig.from_preset("cgan", body="mlp").initializer_stddev == preset["initializer_stddev"]
    assert TrainConfig.from_preset("cgan", body="resnet", dropout=0.2).dropout == 0.2
    assert train_defaults(["--model", "cgan", "--body=resnet"]).dropout is None


@every_preset
def test_preset_tells_its_source_and_what_shows_it(name: str) -> None:
    preset = PRESETS[name]
    assert f"--model {name} " in preset.command
    assert "arXiv" in preset.paper
    assert preset.note
    assert preset.expected


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        ("mnist", "dcgan_mnist"),
        ("data/my faces/", "dcgan_my_faces"),
        ("/a/b/faces.csv", "dcgan_faces_csv"),
        ("fashion-mnist", "dcgan_fashion-mnist"),
    ],
)
def test_folders_are_named_after_model_and_data(dataset: str, name: str) -> None:
    config = TrainConfig.from_preset("dcgan", dataset=dataset).resolved()
    assert (config.run_dir, config.export_dir) == (f"runs/{name}", f"saved_models/{name}")


def test_given_folders_stay() -> None:
    config = TrainConfig(run_dir="a", export_dir="b").resolved()
    assert (config.run_dir, config.export_dir) == ("a", "b")
    assert config.resolved() == config


def numeric_flags() -> list[tuple[str, str]]:
    """Every flag of train.py that takes a number, and what is said of text."""
    said = {int: "an integer", float: "a number"}
    hints = typing.get_type_hints(TrainConfig)
    return [
        (f"--{name.replace('_', '-')}", said[kind])
        for name, hint in hints.items()
        for kind in said
        if hint in (kind, kind | None)
    ]


@pytest.mark.parametrize(("flag", "said"), [*numeric_flags(), ("--generator-units", "integers")])
def test_text_in_the_place_of_a_number(flag: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(COMMANDS["train"], [flag, "two"], "train.py") == 2
    assert capsys.readouterr().err == f"train.py: {flag} must be {said}. Received: 'two'.\n"
