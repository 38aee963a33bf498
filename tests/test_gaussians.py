"""Whether the objectives find the modes that there are, where each can be counted."""

import pytest
from gaussians import MIXTURES, report, trained


@pytest.mark.slow
@pytest.mark.parametrize("mixture", MIXTURES)
def test_pairs_with_both_penalties_find_every_mode(mixture: str) -> None:
    found = report(mixture, trained(mixture, "relativistic, r1_r2", steps=3_000))
    assert found.modes == len(MIXTURES[mixture][0].centres)
    assert found.kl < 0.2
