"""Whether pairs with both penalties find the modes that there are, where each can be counted."""

import pytest
from gaussians import MIXTURES, report, trained


@pytest.mark.slow
def test_every_mode_on_a_ring_is_found_about_equally_often() -> None:
    found = report("8 on a ring", trained("8 on a ring", "relativistic, r1_r2", steps=3_000))
    assert found.modes == len(MIXTURES["8 on a ring"][0].centres)
    assert found.kl < 0.2
