"""Metrics of pairs in the history."""

import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from lanes import slow
from shrunk import shrunk_config, shrunk_model, tiny_data, tiny_pairs, untuned

from tfgan_suite.callbacks.pair_evaluation import PairEvaluation
from tfgan_suite.data.pairs import PairData, StoredPairs
from tfgan_suite.errors import InputError
from tfgan_suite.images import to_uint8
from tfgan_suite.metrics.absolute import l1_distance


def pairs_of(name: str, count: int = 12) -> PairData:
    return tiny_pairs(shrunk_config(name), count)


def batches_of(data: PairData) -> tf.data.Dataset:
    return untuned(tf.data.Dataset.from_tensor_slices(data.examples(8)).batch(8))


@pytest.mark.parametrize(("name", "more"), [("inpaint", ["_inside", "_outside"]), slow("denoise", [])])
def test_the_history_has_the_numbers(name: str, more: list[str]) -> None:
    model, data = shrunk_model(name), pairs_of(name)
    callback = PairEvaluation(data, ["l1", "psnr"], every=2)
    history = model.fit(batches_of(data), epochs=2, verbose=0, callbacks=[callback]).history
    numbers = {key: values for key, values in history.items() if key.startswith(("l1", "psnr")) and key != "l1_loss"}
    assert set(numbers) == {f"{metric}{part}" for metric in ("l1", "psnr") for part in ["", *more]}
    assert all(math.isnan(first) and math.isfinite(second) for first, second in numbers.values())
    source, _ = data.examples(12)
    made = to_uint8(np.asarray(model(source)))
    assert history["l1"][1] == pytest.approx(l1_distance(made, data.images).mean() / 127.5, rel=1e-9)


def test_a_model_of_both_ways_has_the_numbers_of_its_cycle() -> None:
    model, images = shrunk_model("cyclegan"), tiny_data(12).images
    pairs = StoredPairs.of_arrays(images, 255 - images)
    callback = PairEvaluation(pairs, ["l1", "cycle"])
    callback.set_model(model)
    found = callback.measure()
    assert set(found) == {"l1", "cycle_l1", "cycle_noise_ratio"}
    source, _ = pairs.examples(12)
    back = np.asarray(model.directed("b_to_a")(model(source)))
    assert found["cycle_l1"] == pytest.approx(np.abs(back - source).mean(), rel=1e-5)
    one_way = PairEvaluation(pairs_of("pix2pix"), ["cycle"])
    one_way.set_model(shrunk_model("pix2pix"))
    with pytest.raises(InputError, match="cycle needs the way back too"):
        one_way.measure()


def test_what_cannot_be_measured_is_refused_before_training() -> None:
    data = pairs_of("denoise")
    for metrics, message in ((["ssim"], "windows of 11x11"), (["kernel_distance"], "kernel_distance needs an extract")):
        with pytest.raises(InputError, match=message):
            shrunk_model("denoise").fit(batches_of(data), verbose=0, callbacks=[PairEvaluation(data, metrics)])
    with pytest.raises(InputError, match="every must be at least 1"):
        PairEvaluation(data, ["l1"], every=0)


def test_a_model_that_has_diverged_has_no_numbers() -> None:
    callback = PairEvaluation(pairs_of("denoise"), ["l1"])

    def broken(source: Any) -> Any:
        return np.full((*source.shape[:3], 2), np.nan)

    callback.set_model(broken)  # type: ignore[arg-type]
    assert np.isnan(callback.measure()["l1"])
