"""Settings by name: the published forms, and ours. Standard library only."""

from tfgan_suite.presets.first_models import FIRST_MODELS
from tfgan_suite.presets.objectives import OBJECTIVES
from tfgan_suite.presets.pairs import PAIRS
from tfgan_suite.presets.preset import Preset
from tfgan_suite.presets.unpaired import UNPAIRED

# The class of every model that a preset names, and its module: they are imported when one of them is needed.
MODELS = {
    "MLPGAN": "tfgan_suite.models.mlp_gan",
    "DCGAN": "tfgan_suite.models.dcgan",
    "ConditionalGAN": "tfgan_suite.models.conditional_gan",
    "Pix2Pix": "tfgan_suite.models.pix2pix",
    "SRGAN": "tfgan_suite.models.srgan",
    "CycleGAN": "tfgan_suite.models.cycle_gan",
    "CUT": "tfgan_suite.models.cut",
}

PRESETS: dict[str, Preset] = {**FIRST_MODELS, **OBJECTIVES, **PAIRS, **UNPAIRED}
