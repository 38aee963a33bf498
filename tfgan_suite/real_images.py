"""The real images of an evaluation: what is compared with, what the floor is taken from, what was learned."""

from dataclasses import dataclass
from typing import Any

from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.sources import load_images, splits_of
from tfgan_suite.errors import InputError

VALIDATION_ROWS = 1000  # real images that settings of metrics are chosen by, or a tenth of few
# One choice for every generator: which real images stand for the data.
SELECTION_SEED = 0


@dataclass(frozen=True)
class RealImages:
    """The real images of an evaluation.

    Attributes:
        reference: what is compared with.
        floor: other ones, which take the place of the generated ones for the floor.
        train: what the generator learned from.
        validation: others again, which settings of metrics are chosen by.
        held_out: whether the generator has not learned from the reference.
        dataset: the name that they were loaded by.
        fingerprint: of all data they were chosen from.
    """

    reference: ImageData
    floor: ImageData
    train: ImageData
    validation: ImageData
    held_out: bool
    dataset: str
    fingerprint: str

    def at_most(self, count: int) -> int:
        """How many images there are to compare `count` generated ones with."""
        return min(count, len(self.reference.images), len(self.floor.images))


def load_real(
    dataset: str,
    split: str | None,
    data_dir: str | None,
    image_shape: tuple[int, int, int],
) -> RealImages:
    """Real images of a generator's shape.

    The reference is the split named, `test` where the data have it; the floor is drawn from the
    training split. Data without splits are divided: one half is the reference, and is not held out.

    Args:
        dataset: see `load_images`.
        split: of the reference; None: `test`, where there is one.
        data_dir: where TensorFlow Datasets keeps its data.
        image_shape: (height, width, channels) to bring them to.

    Raises:
        InputError: no such data or split.
    """
    height, width, channels = image_shape
    where: dict[str, Any] = {"data_dir": data_dir, "image_size": (height, width), "channels": channels}
    train = load_images(dataset, **where)
    held_out = split or ("test" if "test" in splits_of(dataset, data_dir) else None)
    if held_out:
        reference, rest = load_images(dataset, split=held_out, **where), train
    else:
        rest, reference = train.split(0.5, SELECTION_SEED)
    if reference.label_names != train.label_names:
        raise InputError(f"The splits train and {held_out} of {dataset} have other classes.")
    share = min(VALIDATION_ROWS, max(1, len(rest.images) // 10)) / len(rest.images)
    floor, validation = rest.split(share, SELECTION_SEED)
    return RealImages(
        reference, floor, train, validation, held_out not in (None, "train"), dataset, train.fingerprint()
    )
