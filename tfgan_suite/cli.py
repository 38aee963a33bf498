"""The command line: flags in, one call of the package, lines out. The scripts call the same functions."""

import dataclasses
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from tfgan_suite.command_line.flags import (
    AugmentConfig,
    EvaluateConfig,
    ExportConfig,
    FetchDataConfig,
    GenerateConfig,
    ModelCardConfig,
    PreviewConfig,
    QueryConfig,
    ReproduceConfig,
    RestoreConfig,
    TrainClassifierConfig,
    TrainCommandConfig,
    TranslateConfig,
    VerifyExportConfig,
)
from tfgan_suite.command_line.parsing import are_given, parse, train_defaults
from tfgan_suite.command_line.running import TRY_AGAIN, quiet_import, run
from tfgan_suite.config import TrainConfig, parse_size
from tfgan_suite.errors import InputError, unknown_choice
from tfgan_suite.exported import version_folder, way_folder
from tfgan_suite.files import is_run, refuse_missing, refuse_missing_data, write_whole
from tfgan_suite.picture_rules import PictureRules, parse_levels


def train_command(arguments: Sequence[str], program: str = "train.py") -> int:
    """`train.py`: see `TrainConfig`."""
    chosen = are_given(arguments, "--model", "--config")
    given = parse(TrainCommandConfig, arguments, program, train_defaults(arguments), chosen)
    config = TrainConfig(**{field.name: getattr(given, field.name) for field in dataclasses.fields(TrainConfig)})
    if given.config is not None:
        print(f"settings: those of {given.config} but its folders; this run lies in {config.resolved().run_dir}")
    refuse_missing_data(config.dataset)
    if config.init_from and not is_run(config.resolved().run_dir or ""):  # else it has begun
        refuse_missing(config.init_from, "a file NAME.keras, a run folder or a SavedModel")
    with quiet_import():
        from tfgan_suite.callbacks.stop_on_signal import StoppedBySignalError
        from tfgan_suite.commands.train import train
        from tfgan_suite.runs.devices import LostWorkersError
    try:
        version = train(config)
    except StoppedBySignalError as stop:
        return 128 + stop.number
    except LostWorkersError as error:
        print(f"{program}: {error}", file=sys.stderr)
        return TRY_AGAIN
    if version is not None:
        print(f"exported: {version}")
    return 0


def generate_command(arguments: Sequence[str], program: str = "generate.py") -> int:
    """`generate.py`: see `GenerateConfig`."""
    config = parse(GenerateConfig, arguments, program)
    if config.verify is not None:
        if dataclasses.replace(config, verify=None) != GenerateConfig():
            raise InputError("--verify FILE stands alone: it reads pictures and makes none.")
        from tfgan_suite.marking import marks

        for line in marks(config.verify):
            print(line)
        return 0
    if config.list_labels:
        if config.generator is None or config != GenerateConfig(config.generator, list_labels=True):
            raise InputError("--list-labels takes GENERATOR and no other flag: it makes no images.")
        with quiet_import():
            from tfgan_suite.commands.generate import list_labels
        for line in list_labels(config.generator):
            print(line)
        return 0
    if config.generator is None or config.output is None:
        raise InputError("Expected GENERATOR and --output PATH, or --verify FILE alone. See --help.")
    if config.interpolate is None and config.frames != GenerateConfig.frames:
        raise InputError("--frames needs --interpolate A:B.")
    made_by = ("count", "seed", "truncation", "sweep")
    if config.interpolate and any(getattr(config, name) != getattr(GenerateConfig, name) for name in made_by):
        raise InputError("--interpolate A:B takes --frames and --labels, and no other flag of how images are made.")
    if not is_run(config.generator):
        version_folder(config.generator)  # refused before TensorFlow is waited for, as all paths that lead nowhere are
    with quiet_import():
        from tfgan_suite.commands.generate import generate_to, interpolate_to
    if config.interpolate is not None:
        path = interpolate_to(
            config.generator, config.output, config.interpolate, config.frames, config.labels, config.trust
        )
    else:
        path = generate_to(
            config.generator,
            config.output,
            config.count,
            config.seed,
            config.labels,
            config.truncation,
            config.sweep,
            config.trust,
        )
    print(f"wrote: {path}")
    return 0


def translate_command(arguments: Sequence[str], program: str = "translate.py") -> int:
    """`translate.py`: see `TranslateConfig`."""
    config = parse(TranslateConfig, arguments, program)
    if not config.pictures:
        raise InputError(
            "Expected TRANSLATOR PICTURES --output FOLDER, with a picture or a folder of them. See --help."
        )
    if config.seed != TranslateConfig.seed and not config.test_dropout:
        raise InputError("--seed needs --test-dropout: without it a picture has one result.")
    if Path(config.translator).suffix == ".keras":
        refuse_missing(config.translator, "a file NAME.keras, a run folder or a SavedModel")
    elif not is_run(config.translator):
        version_folder(way_folder(config.translator, config.direction))
    for picture in config.pictures:
        refuse_missing(picture, "a picture, or a folder of pictures")
    refuse_missing(config.mask, "a picture, white in the hole")
    with quiet_import():
        from tfgan_suite.commands.translate import translate_to
    choices = asdict(config)
    path, count = translate_to(choices.pop("translator"), choices.pop("pictures"), choices.pop("output"), **choices)
    print(f"wrote: {path}" + (f", {count:,} pictures" if count > 1 else ""))
    return 0


def restore_command(arguments: Sequence[str], program: str = "restore.py") -> int:
    """`restore.py`: see `RestoreConfig`."""
    config = parse(RestoreConfig, arguments, program)
    expected = "a run folder of train.py, a file NAME.keras or a SavedModel"
    for path, what in ((config.generator, expected), (config.photo, "a picture"), (config.mask, "a picture")):
        refuse_missing(path, what)
    with quiet_import():
        from tfgan_suite.commands.restore import restore_to
    choices = asdict(config)
    for line in restore_to(choices.pop("generator"), choices.pop("photo"), **choices):
        print(line, flush=True)
    return 0


def export_command(arguments: Sequence[str], program: str = "export.py") -> int:
    """`export.py`: see `ExportConfig`."""
    config = parse(ExportConfig, arguments, program)
    of_saved_models = ("export_dir", "keep", "with_discriminator", "max_pixels", "evaluation")
    of_others = ("output", "int8", "runtime", "direction")
    for name in of_others if config.format == "saved_model" else of_saved_models:
        if getattr(config, name) != getattr(ExportConfig, name):
            raise InputError(f"--{name.replace('_', '-')} does not go with --format {config.format}. See --help.")
    refuse_missing(config.run, "a run folder of train.py, or for another format a SavedModel")
    refuse_missing(config.evaluation, "a file that evaluate.py --output wrote")
    if config.format != "saved_model":
        with quiet_import():
            from tfgan_suite.formats.choices import export_as
        converted = export_as(
            config.format,
            config.run,
            config.output,
            int8=config.int8,
            runtime=config.runtime,
            direction=config.direction,
        )
        print(f"exported: {converted}")
        return 0
    with quiet_import():
        from tfgan_suite.metrics.records import read_records
        from tfgan_suite.runs.exporting import export_run
    version = export_run(
        config.run,
        config.export_dir,
        config.keep,
        config.with_discriminator,
        max_pixels=config.max_pixels,
        records=[] if config.evaluation is None else read_records(config.evaluation),
    )
    print(f"exported: {version}")
    return 0


def preview_command(arguments: Sequence[str], program: str = "preview.py") -> int:
    """`preview.py`: see `PreviewConfig`."""
    config = parse(PreviewConfig, arguments, program)
    from tfgan_suite.commands.preview import preview

    preview(config.folder, config.port, config.host)
    return 0


def verify_export_command(arguments: Sequence[str], program: str = "verify_export.py") -> int:
    """`verify_export.py`: see `VerifyExportConfig`."""
    config = parse(VerifyExportConfig, arguments, program)
    version_folder(config.generator)
    with quiet_import():
        from tfgan_suite.serving.verify import verify_export
    if findings := verify_export(config.generator, say=lambda line: print(line, flush=True)):
        raise InputError(" ".join(findings))
    print(f"verified: {config.generator}")
    return 0


def query_command(arguments: Sequence[str], program: str = "query.py") -> int:
    """`query.py`: see `QueryConfig`."""
    config = parse(QueryConfig, arguments, program)
    place = (config.version, config.version_label, config.timeout)
    of_latents = (config.seeds, config.labels, config.truncation) != (QueryConfig.seeds, None, None)
    if config.mask is not None and config.input is None:
        raise InputError("--mask needs --input PICTURE, which it lies on.")
    if config.input is not None and (config.output is None or of_latents):
        raise InputError("--input takes --output NAME.png and --mask; --seeds, --labels and --truncation need latents.")
    refuse_missing(config.input, "a picture")
    refuse_missing(config.mask, "a picture, white in the hole")
    with quiet_import():
        from tfgan_suite.commands.query import describe, query_picture_to, query_to
    if config.output is None:
        if of_latents:
            raise InputError("--seeds, --labels and --truncation need --output PATH for the images.")
        for line in describe(config.url, config.model, *place):
            print(line)
        return 0
    if config.input is not None:
        path = query_picture_to(config.url, config.model, config.output, config.input, config.mask, *place)
    else:
        path = query_to(config.url, config.model, config.output, config.seeds, config.labels, config.truncation, *place)
    print(f"wrote: {path}")
    return 0


def evaluate_command(arguments: Sequence[str], program: str = "evaluate.py") -> int:
    """`evaluate.py`: see `EvaluateConfig`."""
    config = parse(EvaluateConfig, arguments, program)
    choices = asdict(config)
    refuse_missing(config.subject, "a SavedModel, a run folder, or a file NAME.npz")
    refuse_missing(config.compare, "a file that evaluate.py --output wrote")
    refuse_missing(config.inception_weights, "the weights of Keras's InceptionV3")
    refuse_missing_data(config.dataset or "")
    with quiet_import():
        from tfgan_suite.commands.evaluate import evaluate_to
    print(evaluate_to(choices.pop("output"), choices.pop("compare"), path=choices.pop("subject"), **choices))
    return 0


def train_classifier_command(arguments: Sequence[str], program: str = "train_classifier.py") -> int:
    """`train_classifier.py`: see `TrainClassifierConfig`."""
    config = parse(TrainClassifierConfig, arguments, program)
    refuse_missing_data(config.dataset)
    with quiet_import():
        from tfgan_suite.commands.train_classifier import train_classifier_to
    choices = asdict(config)
    size, levels = choices.pop("image_size"), choices.pop("levels")
    rules = PictureRules(
        parse_size(size) if size else None,
        fit=choices.pop("fit"),
        background=choices.pop("background"),
        levels=parse_levels(levels) if levels else None,
    )
    print(train_classifier_to(rules=rules, **choices))
    return 0


def fetch_data_command(arguments: Sequence[str], program: str = "fetch_data.py") -> int:
    """`fetch_data.py`: see `FetchDataConfig`."""
    config = parse(FetchDataConfig, arguments, program)
    from tfgan_suite.commands.fetch_data import fetch_data

    folder = fetch_data(config.name, config.output, say=lambda line: print(line, flush=True))
    print(f"wrote: {folder}")
    return 0


def augment_command(arguments: Sequence[str], program: str = "augment.py") -> int:
    """`augment.py`: see `AugmentConfig`."""
    config = parse(AugmentConfig, arguments, program)
    choices = asdict(config)
    version_folder(config.generator)
    refuse_missing_data(config.dataset)
    with quiet_import():
        from tfgan_suite.commands.augment import augment_to
    print(augment_to(choices.pop("generator"), **choices))
    return 0


def model_card_command(arguments: Sequence[str], program: str = "model_card.py") -> int:
    """`model_card.py`: see `ModelCardConfig`."""
    config = parse(ModelCardConfig, arguments, program)
    refuse_missing(config.run, "a run folder of train.py")
    with quiet_import():
        from tfgan_suite.commands.model_card import make_card
    print(
        make_card(
            config.run,
            config.output,
            data_dir=config.data_dir,
            count=config.count,
            extractor=config.extractor,
            licence=config.licence,
            direction=config.direction,
        )
    )
    return 0


def reproduce_command(arguments: Sequence[str], program: str = "reproduce.py") -> int:
    """`reproduce.py`: see `ReproduceConfig`."""
    config = parse(ReproduceConfig, arguments, program)
    from tfgan_suite.commands.reproduce import render, rendered, reproduce
    from tfgan_suite.commands.tables import TABLES

    if text_file := config.render or config.check:
        if config.full:
            raise InputError("--full prints its tables; --render and --check are of the short runs.")
        path = Path(text_file)
        text = path.read_text(encoding="utf-8")
        now = rendered(text, config.results)
        if config.check and now != text:
            raise InputError(f"The tables in {path} are not those of {config.results}. Run --render {path}.")
        if config.render:
            write_whole(path, now)
        return 0
    for table in TABLES if config.table == "all" else [config.table]:
        cells = reproduce(
            table,
            seeds=config.seeds,
            full=config.full,
            data_dir=config.data_dir,
            results=config.results,
            runs=config.runs,
        )
        for line in cells:
            print(line, flush=True)
        print(render(table, config.full, config.results))
    return 0


COMMANDS: dict[str, Callable[[Sequence[str], str], int]] = {
    "train": train_command,
    "generate": generate_command,
    "translate": translate_command,
    "restore": restore_command,
    "export": export_command,
    "preview": preview_command,
    "verify_export": verify_export_command,
    "query": query_command,
    "evaluate": evaluate_command,
    "train_classifier": train_classifier_command,
    "model_card": model_card_command,
    "reproduce": reproduce_command,
    "augment": augment_command,
    "fetch_data": fetch_data_command,
}


def script(name: str) -> None:
    """What `scripts/NAME.py` does."""
    sys.exit(run(COMMANDS[name], sys.argv[1:], f"{name}.py"))


def main() -> None:
    """`tfgan-suite COMMAND ...`, or `python -m tfgan_suite COMMAND ...`."""
    name = sys.argv[1].replace("-", "_") if len(sys.argv) > 1 else "__help"
    sys.exit(run(COMMANDS.get(name, _no_command), sys.argv[1 if name not in COMMANDS else 2 :], f"tfgan-suite {name}"))


def _no_command(arguments: Sequence[str], program: str) -> int:
    """What `tfgan-suite` does without one of `COMMANDS`."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print("usage: tfgan-suite {" + ",".join(COMMANDS) + "} ...\n\nCOMMAND --help lists its flags.")
        return 0
    raise unknown_choice("command", arguments[0], COMMANDS)
