"""What of a preset goes with what is given, in Python and on the command line."""

from typing import Any

import pytest

from tfgan_suite.command_line.parsing import train_defaults
from tfgan_suite.config import TrainConfig
from tfgan_suite.errors import InputError
from tfgan_suite.options.objective import PENALTY_NUMBERS
from tfgan_suite.presets import PRESETS


def numbers(config: TrainConfig) -> list[Any]:
    return [getattr(config, name) for name in PENALTY_NUMBERS]


def test_another_penalty_has_its_own_numbers() -> None:
    of_preset = [1.0, 0.1, 300_000, 1]
    assert numbers(TrainConfig.from_preset("cgan_relativistic")) == of_preset
    assert numbers(TrainConfig.from_preset("cgan_relativistic", penalty="r1_r2")) == of_preset
    for penalty in ("none", "r1", "gradient_penalty"):
        config = TrainConfig.from_preset("cgan_relativistic", penalty=penalty)
        assert (config.penalty, numbers(config)) == (penalty, [None, None, None, 1])
    assert numbers(TrainConfig.from_preset("cgan_relativistic", penalty="r1", penalty_weight=3.0))[0] == 3.0


def test_a_clip_and_a_penalty_take_each_others_place() -> None:
    clipped = TrainConfig.from_preset("dcgan_relativistic", loss="wasserstein", weight_clip=0.01)
    assert (clipped.penalty, numbers(clipped)) == ("none", [None, None, None, 1])
    penalised = TrainConfig.from_preset("wgan", penalty="gradient_penalty", discriminator_norm="none")
    assert (penalised.weight_clip, penalised.penalty) == (None, "gradient_penalty")
    with pytest.raises(InputError, match="both hold the discriminator's slopes"):
        TrainConfig.from_preset("wgan", penalty="r1", weight_clip=0.01)


def test_another_body_has_its_own_options() -> None:
    for body in ("dcgan_tutorial", "dcgan", "resnet", "r3gan"):
        config = TrainConfig.from_preset("dcgan_relativistic", body=body)
        assert (config.base_filters, config.discriminator_initializer) == (None, None)
        assert config.discriminator_norm == ("none" if body == "resnet" else None)
    same = TrainConfig.from_preset("dcgan_relativistic", body="dcgan_radford2015")
    assert (same.base_filters, same.discriminator_norm) == (32, "none")


def test_rmsprop_has_no_momenta() -> None:
    assert TrainConfig.from_preset("dcgan_relativistic", optimizer="rmsprop").beta_2 == 0.999
    with pytest.raises(InputError, match=r"beta_1 is Adam's\. optimizer='rmsprop' does not take it\."):
        TrainConfig.from_preset("dcgan", optimizer="rmsprop", beta_1=0.9)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_goes_with_all_of_itself(name: str) -> None:
    settings = PRESETS[name].settings
    assert TrainConfig.from_preset(name, **settings) == TrainConfig.from_preset(name)


@pytest.mark.parametrize(
    "given", [{"penalty": "none"}, {"body": "resnet"}, {"weight_clip": 0.01}, {"optimizer": "rmsprop"}]
)
def test_flags_do_what_arguments_do(given: dict[str, Any], tmp_path: Any) -> None:
    (flag, value), elsewhere = next(iter(given.items())), ["--run-dir", str(tmp_path)]
    arguments = [f"--{flag.replace('_', '-')}", str(value), *elsewhere]
    defaults, expected = train_defaults(arguments), TrainConfig.from_preset("cgan_relativistic", **given)
    for name in PRESETS["cgan_relativistic"].settings:
        if name not in given:
            assert getattr(defaults, name) == getattr(expected, name), name
