"""From a run to its exported generator."""

from pathlib import Path
from typing import Any

from tfgan_suite.config import TrainConfig
from tfgan_suite.models.loading import load_model
from tfgan_suite.run_folder import newest_of_run, read_config, refuse_unwritable
from tfgan_suite.serving.export import export_generator


def export_card(config: TrainConfig, data: dict[str, Any]) -> dict[str, Any]:
    """The facts that an exported generator carries with it."""
    return {
        "model": config.model,
        "dataset": data["source"],
        "label_names": data["label_names"],
        "seed": config.seed,
        "split": config.split,
    }


def export_run(
    run_dir: Path | str,
    export_dir: Path | str | None = None,
    keep: int | None = None,
    with_discriminator: bool = False,
    licence: str | None = None,
) -> Path:
    """Exports the newest checkpoint of a run.

    Args:
        run_dir: a run folder of `train`.
        export_dir: base folder of the versions; None: the run's own.
        keep: how many versions stay, the new one among them; None: all.
        with_discriminator: whether to export the discriminator too, for the signature `score`.
        licence: of the data, to be kept with the generator.

    Returns:
        The new version's folder.

    Raises:
        InputError: no run folder, no checkpoint, or an export folder that cannot be written.
    """
    run_dir = Path(run_dir)
    config, data, _ = read_config(run_dir)
    model = load_model(newest_of_run(run_dir))
    base = Path(export_dir or config.export_dir or "saved_models")
    refuse_unwritable(base)
    card = export_card(config, data) | ({"licence": licence} if licence else {})
    return export_generator(model, base, card, keep=keep, with_discriminator=with_discriminator)
