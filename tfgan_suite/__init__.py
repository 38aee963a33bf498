"""tfgan_suite: the living GAN library for TensorFlow and Keras 3.

The public names are loaded when they are first used, so that `import tfgan_suite` and `--help` do
not wait for TensorFlow.
"""

from tfgan_suite.presets import MODELS
from tfgan_suite.startup.lazy import lazy_names

__version__ = "0.1.0"

_PUBLIC = {
    "GAN": "tfgan_suite.models.gan",
    **MODELS,
    "load_model": "tfgan_suite.models.loading",
    "LOSSES": "tfgan_suite.objectives.losses",
    "AdversarialLoss": "tfgan_suite.objectives.losses",
    "PRESETS": "tfgan_suite.presets",
    "TrainConfig": "tfgan_suite.config",
    "train": "tfgan_suite.commands.train",
    "load_images": "tfgan_suite.data.sources",
    "training_batches": "tfgan_suite.data.pipeline",
    "export_generator": "tfgan_suite.serving.export",
    "Evaluation": "tfgan_suite.callbacks.evaluation",
    "SampleGrid": "tfgan_suite.callbacks.sample_grid",
    "ExactCheckpoint": "tfgan_suite.continuation.exact_checkpoint",
    "HealthMonitor": "tfgan_suite.callbacks.health_monitor",
    "CollapseError": "tfgan_suite.callbacks.health_monitor",
    "EpochHistory": "tfgan_suite.callbacks.history",
    "KeepBest": "tfgan_suite.continuation.keep_best",
    "cut_history": "tfgan_suite.callbacks.history",
    "resume_fit": "tfgan_suite.continuation.resume",
    "StopOnNonFinite": "tfgan_suite.callbacks.stop_on_non_finite",
    "StopOnSignal": "tfgan_suite.callbacks.stop_on_signal",
    "verify_export": "tfgan_suite.serving.verify",
    "SavedGenerator": "tfgan_suite.serving.saved_generator",
    "InputError": "tfgan_suite.errors",
    "DivergenceError": "tfgan_suite.errors",
}

__all__ = sorted(_PUBLIC)
__getattr__, __dir__ = lazy_names(__name__, _PUBLIC)
