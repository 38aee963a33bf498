"""Which settings of a preset stay beside those that are given. Standard library only."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from tfgan_suite.options.networks import NetworkOptions
from tfgan_suite.options.objective import PENALTY_NUMBERS
from tfgan_suite.options.pairs import DEGRADATIONS

# The bodies that take each option of networks, and those that `dcgan` may mean: the size of the images decides.
_TAKERS = {field.name: field.metadata["of"] for field in dataclasses.fields(NetworkOptions)}
# What a preset of restoration says of its sources.
_OF_DEGRADATION = {name for names in DEGRADATIONS.values() for name in names} | {"paste_known"}
_MEANT = {"dcgan": ("dcgan_radford2015", "dcgan_tutorial")}


def fitting(settings: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a preset without those that lose their meaning by what is given.

    Another body does not have the options that it does not take, nor the number of filters, which each counts in its
    own way; another penalty not the numbers of the one before, nor a clip of weights; such a clip no penalty; RMSprop
    no momenta; another degradation not the numbers of the one before, and pairs that are read no degradation.

    Args:
        settings: of the preset, or of a run of it.
        given: by the user, as values or as texts; None is not given.
    """
    given = {name: value for name, value in given.items() if value is not None}
    left: set[str] = set()
    if "body" in given and given["body"] != settings.get("body"):
        meant = _MEANT.get(given["body"], (given["body"],))
        left |= {name for name, takers in _TAKERS.items() if not set(meant) <= set(takers)} | {"base_filters"}
    if "penalty" in given and given["penalty"] != settings.get("penalty"):
        left |= {*PENALTY_NUMBERS} | ({"weight_clip"} if given["penalty"] != "none" else set())
    if "weight_clip" in given:
        left |= {"penalty", *PENALTY_NUMBERS}
    if given.get("optimizer") == "rmsprop":
        left |= {"beta_1", "beta_2"}
    if "degrade" in given and given["degrade"] != settings.get("degrade"):
        left |= _OF_DEGRADATION
    if {"source", "target", "pair_layout"} & given.keys():
        left |= {"degrade"} | _OF_DEGRADATION
    return {name: value for name, value in settings.items() if name not in left}
