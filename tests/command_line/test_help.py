"""What every flag says of itself, and how the help of train.py is ordered."""

import dataclasses
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from lanes import corners

from tfgan_suite.cli import COMMANDS, run
from tfgan_suite.command_line import flags
from tfgan_suite.command_line.forms import helps
from tfgan_suite.config import CHOICES, TrainConfig
from tfgan_suite.models.loading import model_classes
from tfgan_suite.networks.bodies import get_body
from tfgan_suite.options.pairs import PairOptions
from tfgan_suite.options.settings import Family
from tfgan_suite.presets import PRESETS

sys.path.append(str(Path(__file__).parents[2] / "scripts"))
from benchmark import BenchmarkConfig
from benchmark_serving import BenchmarkServingConfig

KINDS = [
    *(kind for name, kind in vars(flags).items() if name.endswith("Config") and kind is not TrainConfig),
    BenchmarkConfig,
    BenchmarkServingConfig,
]
EVERY_FLAG = [(kind, field.name) for kind in KINDS for field in dataclasses.fields(kind)]
VERBS = {
    "Add", "Ask", "Average", "Begin", "Bring", "Build", "Carry", "Check", "Choose", "Clip", "Compare",
    "Compute", "Contrast", "Convert", "Divide", "Draw", "Drop", "End", "Export", "Fill", "Flip", "Give", "Go",
    "Halve", "Hold", "Keep", "Learn", "Leave", "Let", "Listen", "Load", "Look", "Lower", "Make", "Map",
    "Measure", "Mirror", "Move", "Multiply", "Name", "Print", "Put", "Reach", "Read", "Repeat", "Resize",
    "Rotate", "Say", "Serve", "Shift", "Show", "Start", "Store", "Take", "Time", "Train", "Translate", "Update",
    "Use", "Wait", "Warn", "Watch", "Write",
}  # fmt: skip
MODEL_OPTIONS = [field for field in dataclasses.fields(TrainConfig) if field.metadata.get("of")]


@pytest.mark.parametrize(("kind", "name"), EVERY_FLAG, ids=lambda part: getattr(part, "__name__", part))
def test_a_help_has_a_verb_and_stands_without_its_flag(kind: type, name: str) -> None:
    text = helps(kind)[name]
    assert re.split(r"[ ,:]", text)[0] in VERBS, text
    assert text.endswith(".")
    assert len(text) <= 160
    assert not re.search(rf"--{name.replace('_', '-')}(?![-\w])", text)
    assert "_" not in name or name not in text


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as stop:
        run(COMMANDS["train"], [*arguments, "--help"], "train.py")
    assert not stop.value.code
    return capsys.readouterr().out


def families_of(text: str) -> dict[str, list[str]]:
    """The flags below each heading, in their order."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if heading := re.match(r"[╭─ ]*(\w[\w ]*) options [─╮ ]*$", line):
            found[heading[1]] = rows = []
        elif flag := re.match(r"[│ ] --([\w-]+)", line):
            rows.append(flag[1].replace("-", "_"))
    return found


def test_the_flags_of_train_stand_below_the_heading_of_their_family(capsys: pytest.CaptureFixture[str]) -> None:
    expected: dict[str, list[str]] = {str(family): [] for family in Family if family is not Family.HIDDEN}
    for field in dataclasses.fields(flags.TrainCommandConfig):
        if field.name != "model_class":
            expected[field.metadata["family"]].append(field.name)
    assert families_of(shown(capsys)) == expected
    assert all(expected.values())


# Presets of networks whose options other presets show.
SLOW = (
    "dragan", "wgan", "wgan_gp", "sngan", "denoise", "colourise", "pix2pix_isola2017", "srgan_ledig2017",
    "cut", "fast_cut", "cyclegan_zhu2017", "cut_park2020", "super_resolve", "cgan_mirza2014",
    "cgan_relativistic", "dcgan_radford2015", "dcgan_relativistic", "mlp_gan_small", "mlp_gan_wide",
)  # fmt: skip


@pytest.mark.parametrize("name", corners(sorted(PRESETS), *(name for name in PRESETS if name not in SLOW)))
def test_what_applies_to_a_preset_stands_first(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "--model", name)
    config, told = TrainConfig.from_preset(name), " ".join(text.replace("│", " ").split())
    of_all = families_of(shown(capsys))
    for family, names in families_of(text).items():
        assert sorted(names) == sorted(of_all[family])
        settings = [field for field in names if field in PRESETS[name].settings]
        assert [field for field in names if field != "model"][: len(settings)] == settings
    for field, value in PRESETS[name].settings.items():
        if field != "model_class":
            text_of_value = " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            assert f"({name}: {text_of_value})" in told, field
    not_taken = [field for field in MODEL_OPTIONS if not takes(config, field.name)]
    assert told.count(f"(does not apply to --model {name})") == len(not_taken)
    refused = sum(field.metadata["family"] is Family.MODEL for field in not_taken)
    last = families_of(text)["model and network"][-refused:] if refused else []
    assert all(not takes(config, field) for field in last)


def takes(config: TrainConfig, option: str) -> bool:
    """Whether the networks of a preset, or its data of pairs, can be made with an option."""
    for field in dataclasses.fields(PairOptions):
        if field.name == option:
            return config.model_class in field.metadata["of"]
    value = {
        "body": "dcgan_tutorial",
        "discriminator_norm": "layer",
        "discriminator_initializer": "he",
        "spectral_norm": "both",
        "projection": False,
        "batch_norm": False,
        "dropout": 0.1,
        "generator_norm": "layer",
        "generator_up": "nearest",
        "generator_down": "blurred",
        "nce_identity": True,
        "flip_equivariance": True,
        "paste_known": False,
        "enlarged_skip": False,
        "features": "general",
        "discriminator_halvings": 1,
    }.get(option, 4)
    value = (4,) if option.endswith("units") else value
    arguments: dict[str, Any] = {"image_shape": (8, 8, 1)}
    if config.translates:
        side = 16 if config.model_class == "SRGAN" else 8
        arguments = {"source_shape": (8, 8, 1), "target_shape": (side, side, 1), "discriminator_norm": "none"}
    if config.model_class == "ConditionalGAN":
        arguments |= {"num_classes": 2}
    body = {"body": config.body} if config.body is not None else {}
    try:
        model_classes()[config.model_class](**{**body, **arguments, option: value})
    except ValueError:  # ours, or that of Keras for an argument that there is not
        return False
    return True


def test_options_name_networks_that_there_are() -> None:
    for field in MODEL_OPTIONS:
        assert set(field.metadata["of"]) <= {*CHOICES["body"], *CHOICES["model_class"]}, field.name
    assert get_body("dcgan", (8, 8, 1)) is not get_body("mlp", (8, 8, 1))


def test_the_class_of_the_preset_is_taken_and_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert "model-class" not in shown(capsys, "--model", "dcgan")
    assert (
        run(COMMANDS["train"], ["--model", "dcgan", "--model-class", "DCGAN", "--dataset", "nowhere/"], "train.py") == 2
    )
    assert "nowhere" in capsys.readouterr().err
    assert run(COMMANDS["train"], ["--model", "dcgan", "--model-class", "MLPGAN"], "train.py") == 2
    error = capsys.readouterr().err
    assert error.startswith("train.py: --model dcgan is a DCGAN.") and error.count("\n") == 1


def test_settings_from_a_file_are_shown_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.json").write_text('{"model": "mlp_gan", "batch_size": 7}')
    text = " ".join(shown(capsys, "--config", str(tmp_path / "config.json")).replace("│", "").split())
    assert "(default: 7)" in text and "(mlp_gan: 0.999)" in text


def test_a_flag_in_place_of_a_value_has_the_name_of_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(COMMANDS["export"], [], "export.py") == 2
    assert capsys.readouterr().err.startswith("export.py: Missing from export.py: RUN Take the run folder")
