"""The real images of an evaluation: what is compared with, what the floor is taken from, what was learned."""

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import Any

from tfgan_suite.data.image_data import SELECTION_SEED, ImageData
from tfgan_suite.data.sources import as_read, read_images, splits_of
from tfgan_suite.errors import InputError, option
from tfgan_suite.metrics.parzen import VALIDATION_ROWS
from tfgan_suite.picture_rules import PictureRules


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
        fingerprint: of the training data and of the reference.
        effects: the rules of reading pictures that made a difference.
    """

    reference: ImageData
    floor: ImageData
    train: ImageData
    validation: ImageData
    held_out: bool
    dataset: str
    fingerprint: str
    effects: dict[str, Any] = field(default_factory=dict)

    def at_most(self, count: int) -> int:
        """How many images there are to compare `count` generated ones with."""
        return min(count, len(self.reference.images), len(self.floor.images))


def load_real(
    dataset: str,
    split: str | None,
    data_dir: str | None,
    image_shape: tuple[int, int, int],
    learned: str = "train",
    rules: PictureRules | None = None,
) -> RealImages:
    """Real images of a generator's shape.

    The reference is the split named, `test` where the data have it; the floor is drawn from the split
    that was learned from. Where the two overlap, and of data without splits, one half of the reference is
    the floor's, and nothing is held out.

    Args:
        dataset: see `load_images`.
        split: of the reference; None: `test`, where there is one.
        data_dir: where TensorFlow Datasets keeps its data.
        image_shape: (height, width, channels) to bring them to.
        learned: the split that the generator learned from.
        rules: how it was read; None: as data are read now.

    Raises:
        InputError: no such data or split.
    """
    height, width, channels = image_shape
    rules = replace(rules or PictureRules(), size=(height, width), channels=channels)
    splits = splits_of(dataset, data_dir, rules)
    train = read_images(dataset, learned, data_dir, rules)
    rules = as_read(rules, train)
    chosen = split or ("test" if "test" in splits else learned)
    held_out = not overlap(chosen, learned)
    if held_out:
        reference, rest = read_images(dataset, chosen, data_dir, rules), train
    else:
        rest, reference = read_images(dataset, chosen, data_dir, rules).split(0.5, SELECTION_SEED)
    if not len(rest.images) or not len(reference.images):
        raise InputError(f"{dataset} has too few images to compare with: {len(reference.images) + len(rest.images)}.")
    if reference.label_names != train.label_names:
        raise InputError(
            f"The splits {learned} and {chosen} of {dataset} have other classes. Choose another with {option('split')}."
        )
    # A tenth where there are few.
    share = min(VALIDATION_ROWS, max(1, len(rest.images) // 10)) / len(rest.images)
    floor, validation = rest.split(share, SELECTION_SEED)
    fingerprint = hashlib.sha256((train.fingerprint() + reference.fingerprint()).encode()).hexdigest()
    effects = {**reference.effects, **train.effects}
    return RealImages(reference, floor, train, validation, held_out, dataset, fingerprint, effects)


def overlap(a: str, b: str) -> bool:
    """Whether two splits of TensorFlow Datasets may share images: slices of one split are taken to.

    >>> overlap("test", "train"), overlap("train[:10%]", "train"), overlap("train+test", "test"), overlap("all", "test")
    (False, True, True, True)
    """
    names = [set(re.findall(r"[A-Za-z_]\w*", text)) for text in (a, b)]
    return "all" in names[0] | names[1] or bool(names[0] & names[1])
