import re
import time

import pytest

from tfgan_suite.callbacks.time_left import TimeLeft


def epoch(callback: TimeLeft, number: int, batches: range) -> None:
    for batch in batches:
        time.sleep(0.02)
        callback.on_train_batch_end(batch)
    callback.on_epoch_end(number)


@pytest.mark.parametrize("batches", [range(10), range(0, 10, 3), range(2)])  # whole, in groups, the rest of a cut one
def test_the_time_is_that_of_whole_epochs_and_said_once(batches: range, capsys: pytest.CaptureFixture[str]) -> None:
    callback = TimeLeft(epochs=4, steps=10)
    epoch(callback, 1, batches)
    epoch(callback, 2, batches)
    said = re.findall(r"about ([\d.]+) s an epoch, ([\d.]+) s for the 2 left", capsys.readouterr().out)
    assert len(said) == 1
    each, left = map(float, said[0])
    assert each == pytest.approx(0.2 / batches.step, rel=0.6) and left == pytest.approx(2 * each, abs=0.15)


def test_nothing_is_said_of_a_run_that_is_over_or_of_one_step(capsys: pytest.CaptureFixture[str]) -> None:
    epoch(TimeLeft(epochs=2, steps=10), 1, range(10))
    epoch(TimeLeft(epochs=4, steps=1), 0, range(1))
    assert capsys.readouterr().out == ""
