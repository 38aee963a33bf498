import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfgan_suite.data.augmentation import augment
from tfgan_suite.data.image_data import ImageData
from tfgan_suite.data.image_store import allocate
from tfgan_suite.data.pipeline import steps_per_epoch, training_batches
from tfgan_suite.errors import InputError
from tfgan_suite.images import to_uint8


def numbered(count: int, labels: np.ndarray | None = None, names: tuple[str, ...] = ()) -> ImageData:
    """Images of 4x5x1 in one level each: image i has level i."""
    levels = np.arange(count, dtype=np.uint8)[:, None, None, None]
    return ImageData(np.ascontiguousarray(np.broadcast_to(levels, (count, 4, 5, 1))), labels, names, "numbered")


def noise(count: int = 30) -> ImageData:
    images = np.random.default_rng(0).integers(0, 256, (count, 6, 5, 3), np.uint8)
    return ImageData(images, np.arange(count, dtype=np.int32) % 4, ("a", "b", "c", "d"), "noise")


def numbers(batches: tf.data.Dataset) -> np.ndarray:
    """Which images stand in the batches of a `numbered` set: (steps, rows)."""
    return np.array([to_uint8(batch.numpy())[:, 0, 0, 0] for batch in batches], int)


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (2, 1), (3, 2), (50, 8), (64, 8), (200, 200)])
def test_each_epoch_is_a_permutation(count: int, rows: int) -> None:
    steps = count // rows
    seen = numbers(training_batches(numbered(count), rows, epochs=6, seed=0)).reshape(6, steps * rows)
    for epoch in seen:
        assert len(np.unique(epoch)) == steps * rows
    assert seen.min() >= 0
    assert seen.max() < count


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    orders = [numbers(training_batches(numbered(50), 10, epochs=3, seed=seed)).reshape(3, 50) for seed in (0, 1)]
    assert len(np.unique(np.concatenate(orders), axis=0)) == 6
    again = numbers(training_batches(numbered(50), 10, epochs=3, seed=0)).reshape(3, 50)
    np.testing.assert_array_equal(again, orders[0])


def test_every_order_looks_random() -> None:
    """Position and number are uncorrelated, and few neighbours stay together: 2 pairs of 199 by chance."""
    for order in numbers(training_batches(numbered(200), 200, epochs=40, seed=0)):
        assert abs(np.corrcoef(np.arange(200), order)[0, 1]) < 4 / math.sqrt(200)
        assert (np.abs(np.diff(order)) == 1).sum() < 10


def test_what_fills_no_batch_waits_for_another_epoch() -> None:
    seen = numbers(training_batches(numbered(10), 4, epochs=20, seed=0))
    assert seen.shape == (40, 4)
    assert set(seen.ravel()) == set(range(10))


@pytest.mark.parametrize("start", [0, 1, 5, 6, 13, 17])
@pytest.mark.parametrize("options", [{}, {"flip": True, "crop": 2, "rotation": 20.0}, {"steps": 8}], ids=str)
def test_a_later_start_gives_the_tail_of_the_run(start: int, options: dict[str, Any]) -> None:
    steps = options.get("steps", 30 // 5)
    whole = list(training_batches(noise(), 5, epochs=3, seed=4, **options))
    tail = training_batches(noise(), 5, epochs=3, seed=4, start_step=start, **options)
    assert int(tail.cardinality()) == 3 * steps - start
    for (images, labels), (wanted, wanted_labels) in zip(tail, whole[start:], strict=True):
        np.testing.assert_array_equal(images, wanted)
        np.testing.assert_array_equal(labels, wanted_labels)


@pytest.mark.parametrize(
    ("steps", "start", "cardinality"), [(None, 0, 18), (7, 0, 21), (1, 0, 3), (7, 20, 1), (7, 21, 0)]
)
def test_cardinality(steps: int | None, start: int, cardinality: int) -> None:
    batches = training_batches(numbered(50), 8, epochs=3, seed=0, steps=steps, start_step=start)
    assert int(batches.cardinality()) == cardinality == len(list(batches))


def test_an_epoch_of_several_passes_has_a_permutation_for_each() -> None:
    """20 images in batches of 5 are 4 steps a pass; an epoch of 10 steps has two passes and a half."""
    epochs = numbers(training_batches(numbered(20), 5, epochs=3, seed=0, steps=10)).reshape(3, 50)
    passes = [one for epoch in epochs for one in (epoch[:20], epoch[20:40])]
    for one in passes:
        assert sorted(one) == list(range(20))
    for half in epochs[:, 40:]:
        assert len(np.unique(half)) == 10
    assert len(np.unique(passes, axis=0)) == 6


def test_short_epochs_have_permutations_of_their_own() -> None:
    epochs = numbers(training_batches(numbered(50), 5, epochs=8, seed=0, steps=2))
    assert len(np.unique(epochs.reshape(8, 10), axis=0)) == 8


@pytest.mark.parametrize("augmented", [False, True])
def test_classes_stay_with_their_images(augmented: bool) -> None:
    labels = (np.arange(60, dtype=np.int32) * 7) % 10
    data = numbered(60, labels, tuple("0123456789"))
    options = {"flip": True, "crop": 1, "rotation": 30.0} if augmented else {}
    for images, batch_labels in training_batches(data, 12, epochs=2, seed=0, **options):
        assert batch_labels.dtype == tf.int32
        np.testing.assert_array_equal(batch_labels, labels[to_uint8(images.numpy())[:, 1, 2, 0]])


def test_attributes_stay_with_their_images() -> None:
    labels = np.stack([np.arange(30) % 2, np.arange(30) // 15], 1).astype(np.float32)
    for images, batch_labels in training_batches(numbered(30, labels, ("odd", "high")), 10, epochs=2, seed=0):
        assert batch_labels.dtype == tf.float32
        np.testing.assert_array_equal(batch_labels, labels[to_uint8(images.numpy())[:, 0, 0, 0]])


def test_shapes_are_known_to_the_graph() -> None:
    images, labels = training_batches(noise(), 8, epochs=1, seed=0).element_spec
    assert images == tf.TensorSpec((8, 6, 5, 3), tf.float32)
    assert labels == tf.TensorSpec((8,), tf.int32)
    unlabelled = dataclasses.replace(noise(), labels=None, label_names=())
    assert training_batches(unlabelled, 8, epochs=1, seed=0).element_spec == images


@pytest.mark.parametrize("options", [{}, {"flip": True, "crop": 3, "rotation": 45.0}], ids=["plain", "augmented"])
def test_range(options: dict[str, Any]) -> None:
    images = np.random.default_rng(0).choice(np.array([0, 255], np.uint8), (40, 6, 5, 1))
    batches = training_batches(ImageData(images, None, (), "black and white"), 20, epochs=2, seed=0, **options)
    values = np.concatenate(list(batches))
    assert (values.min(), values.max()) == (-1.0, 1.0)


def test_a_file_mapped_to_memory_equals_ram() -> None:
    data = noise()
    images = allocate(data.images.shape, cache_gigabytes=0.0)
    images[:] = data.images
    assert isinstance(images, np.memmap)
    mapped = training_batches(dataclasses.replace(data, images=images), 7, epochs=2, seed=0)
    for got, wanted in zip(mapped, training_batches(data, 7, epochs=2, seed=0), strict=True):
        np.testing.assert_array_equal(got[0], wanted[0])
        np.testing.assert_array_equal(got[1], wanted[1])


@pytest.mark.parametrize(("count", "rows", "steps"), [(60000, 64, 937), (64, 64, 1), (127, 64, 1), (128, 64, 2)])
def test_steps_per_epoch(count: int, rows: int, steps: int) -> None:
    assert steps_per_epoch(count, rows) == steps


def test_a_batch_larger_than_the_data_is_refused() -> None:
    with pytest.raises(InputError, match=r"11 rows a batch .* of 10 images"):
        steps_per_epoch(10, 11)
    with pytest.raises(InputError, match=r"11 rows a batch .* of 10 images"):
        training_batches(numbered(10), 11, epochs=1, seed=0)


@pytest.mark.parametrize(
    "options", [{"batch_rows": 0}, {"batch_rows": -2}, {"steps": 0}, {"start_step": -1}, {"crop": -1}], ids=str
)
def test_refuses_at_once(options: dict[str, int]) -> None:
    with pytest.raises(InputError):
        training_batches(**{"data": numbered(10), "batch_rows": 2, "epochs": 1, "seed": 0, **options})


# ---- augmentation ----------------------------------------------------------------------------------


def coordinates(count: int, height: int, width: int) -> np.ndarray:
    """Images whose two channels are each pixel's x and y: an augmented one tells where it was read."""
    y, x = np.mgrid[:height, :width]
    return np.tile(np.stack([x, y], -1).astype(np.float32), (count, 1, 1, 1))


def test_nothing_asked_for_nothing_changed() -> None:
    images = tf.constant(coordinates(3, 4, 5))
    assert augment(images, 0, tf.constant(0)) is images


def test_flips_are_exact_and_meet_half_of_the_images() -> None:
    images = np.random.default_rng(0).normal(size=(400, 4, 7, 3)).astype(np.float32)
    result = augment(images, 0, tf.constant(0), flip=True).numpy()
    flipped = [np.array_equal(got, image[:, ::-1]) for got, image in zip(result, images, strict=True)]
    kept = [np.array_equal(got, image) for got, image in zip(result, images, strict=True)]
    assert np.logical_xor(flipped, kept).all()
    assert abs(sum(flipped) - 200) < 4 * math.sqrt(400 / 4)


def test_crops_are_windows_of_the_mirrored_image() -> None:
    """By hand: pad by the mirror image, then cut at every possible place."""
    images = np.random.default_rng(0).normal(size=(300, 5, 6, 2)).astype(np.float32)
    result = augment(images, 0, tf.constant(0), crop=2).numpy()
    places = []
    for got, image in zip(result, images, strict=True):
        padded = np.pad(image, ((2, 2), (2, 2), (0, 0)), mode="symmetric")
        windows = {(dy, dx): padded[dy : dy + 5, dx : dx + 6] for dy in range(5) for dx in range(5)}
        places += [place for place, window in windows.items() if np.array_equal(got, window)]
    assert len(places) == 300
    counts = np.unique(places, axis=0, return_counts=True)[1]
    assert len(counts) == 25
    assert counts.max() < 12 + 5 * math.sqrt(12)


@pytest.mark.parametrize(("height", "width"), [(33, 33), (33, 40)])
def test_rotations_turn_about_the_middle(height: int, width: int) -> None:
    """Bilinear interpolation of coordinates is exact, so that the angle can be read off."""
    result = augment(coordinates(200, height, width), 0, tf.constant(0), rotation=30.0).numpy()
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    y, x = np.mgrid[8:25, 8 : width - 8]  # far enough from the edges for any angle
    around = np.stack([x, y], -1) - middle
    angles = []
    for image in result:
        source = image[8:25, 8 : width - 8] - middle
        # source = R(angle) around, with R = [[c, -s], [s, c]]
        angle = math.atan2(
            float((around[..., 0] * source[..., 1] - around[..., 1] * source[..., 0]).sum()),
            float((around * source).sum()),
        )
        rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        np.testing.assert_allclose(source, around @ rotation.T, atol=1e-4)
        angles.append(math.degrees(angle))
    assert -30 <= min(angles) < -25
    assert 25 < max(angles) <= 30
    assert abs(np.mean(angles)) < 4 * (60 / math.sqrt(12)) / math.sqrt(200)


def test_a_rotation_by_no_degrees_leaves_shifts_whole() -> None:
    """Where a shift is read, both coordinates are whole numbers."""
    result = augment(coordinates(50, 9, 9), 0, tf.constant(0), crop=3, rotation=0.0).numpy()
    np.testing.assert_array_equal(result, np.rint(result))


def test_flip_shift_and_angle_are_drawn_independently() -> None:
    """From the coordinates read: source = A around + shift, A a rotation, mirrored where flipped."""
    result = augment(coordinates(400, 41, 41), 0, tf.constant(0), flip=True, crop=3, rotation=20.0).numpy()
    y, x = np.mgrid[12:29, 12:29] - 20.0
    around = np.stack([x.ravel(), y.ravel(), np.ones(x.size)], 1)
    drawn = []
    for image in result:
        source = image[12:29, 12:29].reshape(-1, 2) - 20.0
        solution = np.linalg.lstsq(around, source, rcond=None)[0]
        np.testing.assert_allclose(around @ solution, source, atol=1e-3)
        matrix, shift = solution[:2].T, solution[2]
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(2), atol=1e-4)
        np.testing.assert_allclose(shift, np.rint(shift), atol=1e-3)
        drawn.append([np.sign(np.linalg.det(matrix)), *shift, math.atan2(matrix[1, 0], matrix[1, 1])])
    correlations = np.corrcoef(np.array(drawn).T)
    assert np.abs(correlations - np.eye(4)).max() < 4 / math.sqrt(400)


def test_augmentation_is_a_function_of_seed_and_step() -> None:
    images = coordinates(20, 9, 9)

    def draw(seed: int, step: int) -> np.ndarray:
        return augment(images, seed, tf.constant(step), flip=True, crop=2, rotation=10.0).numpy()

    np.testing.assert_array_equal(draw(0, 0), draw(0, 0))
    assert not np.array_equal(draw(0, 0), draw(0, 1))
    assert not np.array_equal(draw(0, 0), draw(1, 0))


def test_every_image_is_augmented_by_numbers_of_its_own() -> None:
    result = augment(coordinates(20, 9, 9), 0, tf.constant(0), rotation=10.0).numpy()
    assert len(np.unique(result.reshape(20, -1), axis=0)) == 20
