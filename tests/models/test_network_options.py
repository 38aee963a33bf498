"""The options of networks reach the models by keyword, the command line by flag, and are written once."""

import dataclasses
import inspect
import typing
from typing import Any

import pytest
from shrunk import SHAPE, shrunk_config, tiny_data

from tfgan_suite import DCGAN, MLPGAN, ConditionalGAN, Pix2Pix, TrainConfig
from tfgan_suite.errors import InputError, saying_flags
from tfgan_suite.models.algorithm import Algorithm
from tfgan_suite.models.gan import GAN
from tfgan_suite.models.loading import model_classes
from tfgan_suite.networks.bodies import BODIES, CONVOLUTIONAL, options_of
from tfgan_suite.options.networks import NAMES, OPTIONS, NetworkOptions
from tfgan_suite.runs.assembly import build_model

TAKEN = {"MLPGAN": options_of("mlp"), "DCGAN": options_of(*CONVOLUTIONAL), "ConditionalGAN": options_of(*BODIES)}
LARGE = (2 * SHAPE[0], 2 * SHAPE[1], SHAPE[2])
TAKEN |= {"Pix2Pix": options_of("unet"), "SRGAN": options_of("srresnet"), "CycleGAN": options_of("residual")}
TAKEN["CUT"] = TAKEN["CycleGAN"]
RIGHT: dict[Any, Any] = {tuple[int, ...]: (4,), bool: True, int: 2, float: 0.1}
MODELS = model_classes()
FLAGS = {name: NAMES[name][1] if name in NAMES else RIGHT[typing.get_args(hint)[0]] for name, hint in OPTIONS.items()}
FLAGS |= {"body": "dcgan", "projection": True}


@pytest.mark.parametrize("name", MODELS)
def test_the_signature_of_a_model_has_the_options_of_its_networks(name: str) -> None:
    parameters = inspect.signature(MODELS[name]).parameters
    assert [option for option in OPTIONS if option in parameters] == TAKEN[name]
    base = inspect.signature(GAN if issubclass(MODELS[name], GAN) else Algorithm).parameters.values()
    assert {part.name for part in base if part.kind is part.KEYWORD_ONLY} < parameters.keys()
    assert all(part.kind is not part.VAR_KEYWORD for part in parameters.values())


@pytest.mark.parametrize("name", MODELS)
def test_the_configuration_of_a_model_has_the_options_of_its_networks(name: str) -> None:
    more = {
        "ConditionalGAN": {"num_classes": 2},
        "Pix2Pix": {"target_shape": SHAPE},
        "SRGAN": {"target_shape": LARGE},
        "CycleGAN": {"target_shape": SHAPE},
        "CUT": {"target_shape": SHAPE},
    }.get(name, {})
    config = MODELS[name](SHAPE, **more).get_config()
    assert [option for option in config if option in OPTIONS] == TAKEN[name]
    assert set(config) == set(inspect.signature(MODELS[name]).parameters)


def test_every_option_is_a_setting_of_a_run() -> None:
    settings = {field.name: field for field in dataclasses.fields(TrainConfig)}
    for option in dataclasses.fields(NetworkOptions):
        assert settings[option.name].default is option.default is None


@pytest.mark.parametrize(
    ("model", "name", "hint"),
    [
        (DCGAN, "base_filter", "Did you mean base_filters?"),
        (DCGAN, "generator_units", "Expected one of: base_filters, body, discriminator_initializer"),
        (MLPGAN, "base_filters", "Expected one of: batch_norm, "),
        (ConditionalGAN, "droput", "Did you mean dropout?"),
        (ConditionalGAN, "ema", "ema_momentum"),
        (Pix2Pix, "discriminator_steps", "Expected one of: base_filters, content_only_steps"),
    ],
)
def test_another_keyword_is_refused_with_those_that_there_are(model: type[Algorithm], name: str, hint: str) -> None:
    with pytest.raises(InputError, match=f"^Unknown argument of {model.__name__} '{name}'.*{hint}") as caught:
        model(*((SHAPE, SHAPE) if model is Pix2Pix else (SHAPE,)), **{name: 1})
    assert "\n" not in str(caught.value) and "self" not in str(caught.value)


@pytest.mark.parametrize("option", OPTIONS)
def test_options_are_refused_by_type(option: str) -> None:
    with pytest.raises(InputError, match=f"^({option} must be|Unknown {option} '3')"):
        NetworkOptions(**{option: "3"})


def test_options_are_refused_by_range() -> None:
    for option in dataclasses.fields(NetworkOptions):
        value = (-1,) if option.name.endswith("_units") else -1
        if option.metadata["range"] is not None:
            with pytest.raises(InputError, match=f"^{option.name} must be"):
                NetworkOptions(**{option.name: value})


def test_a_list_becomes_a_tuple() -> None:
    assert NetworkOptions(generator_units=[3, 4]).generator_units == (3, 4)  # type: ignore[arg-type]


@pytest.mark.parametrize("preset", ["mlp_gan_small", "dcgan"])
@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_that_a_model_does_not_take_is_refused(preset: str, flag: str) -> None:
    config = shrunk_config(preset, **{flag: FLAGS[flag]})
    taken = inspect.signature(MODELS[config.model_class]).parameters
    if flag == "groups" and flag in taken:  # by another body
        with pytest.raises(InputError, match=r"^DCGANGenerator does not take groups\. Received: 2\. Leave it out"):
            build_model(config, tiny_data(), steps=4)
    elif flag in taken:
        assert build_model(config, tiny_data(), steps=4).get_config()[flag] == FLAGS[flag]
    else:
        with pytest.raises(InputError, match=rf"^{flag} does not apply to model='{preset}'\. Leave it out\.$"):
            build_model(config, tiny_data(), steps=4)
        with saying_flags(), pytest.raises(InputError, match=rf"^--\S+ does not apply to --model {preset}\. Leave"):
            build_model(config, tiny_data(), steps=4)
