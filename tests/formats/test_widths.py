"""Every format at the widths that ship: what a converter does to a small kernel says little of a wide one."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from lanes import corners, slow
from runtimes import FORMATS, needs_runtimes, run_alone
from sites import need_runtime
from small_generators import as_trained

from tfgan_suite.formats.web import MODEL, export_web
from tfgan_suite.latents import latents_from_seeds
from tfgan_suite.models.conditional_gan import ConditionalGAN
from tfgan_suite.models.dcgan import DCGAN
from tfgan_suite.models.gan import GAN
from tfgan_suite.serving.export import export_generator
from tfgan_suite.serving.saved_generator import SavedGenerator

pytestmark = needs_runtimes
PRETRAINED = Path(__file__).parents[2] / "saved_models" / "pretrained"
SHIPPED = sorted(path.name for path in PRETRAINED.glob("*") if path.is_dir())
QUICK = "dcgan_digits"  # 32x32, as the first run of the README
FULL: dict[str, Callable[[], GAN]] = {
    "64x64": lambda: DCGAN((64, 64, 3)),
    "attributes_of_48x64": lambda: ConditionalGAN((48, 64, 3), num_attributes=40),
}
SEEDS = np.arange(1000, 1006)
# Largest and mean difference of a number of an image in [-1, 1]: of the shipped ones six times, of 8 bits three times
# what was measured.
EXACT, EIGHT_BITS = (1e-4, 1e-5), (0.6, 0.03)


def check(generator: SavedGenerator, file: Path, most: tuple[float, float]) -> None:
    """Holds the images of seeds that no conversion looks at against the SavedModel's."""
    labels = generator.check_labels(None, len(SEEDS))
    images = run_alone(file, latents_from_seeds(SEEDS, generator.latent_dim).numpy(), labels)
    distance = np.abs(images - generator.generate(SEEDS, labels))
    assert images.std() > 0.1 and distance.max() <= most[0] and distance.mean() <= most[1]


@pytest.mark.parametrize(
    ("name", "format"), corners(itertools.product(SHIPPED, FORMATS), (QUICK, "litert"), (QUICK, "onnx"))
)
def test_a_shipped_generator(name: str, format: str, tmp_path: Path) -> None:
    ending, export = FORMATS[format]
    conversion = export(PRETRAINED / name, tmp_path / f"g{ending}")
    check(SavedGenerator(PRETRAINED / name), conversion.path, EIGHT_BITS if format == "int8" else EXACT)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_the_page_of_a_shipped_generator(name: str, tmp_path: Path) -> None:
    need_runtime()
    folder = export_web(PRETRAINED / name, tmp_path / "site").path
    check(SavedGenerator(PRETRAINED / name), folder / MODEL, EXACT)


@pytest.mark.parametrize(("name", "format"), [slow("64x64", "int8"), slow("attributes_of_48x64", "onnx")])
def test_full_width(name: str, format: str, tmp_path: Path) -> None:
    version = export_generator(as_trained(FULL[name]()), tmp_path / "exported", verify=False)
    ending, export = FORMATS[format]
    conversion = export(version, tmp_path / f"g{ending}")
    check(SavedGenerator(version), conversion.path, EIGHT_BITS if format == "int8" else EXACT)
    if format == "int8":
        assert conversion.size < 0.3 * sum(path.stat().st_size for path in version.rglob("variables.data*"))
