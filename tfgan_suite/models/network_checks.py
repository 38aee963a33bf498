"""A look at the networks of a model: their shapes, and what they end in."""

import warnings
from typing import Any

import keras
import numpy as np

from tfgan_suite.errors import InputError, option
from tfgan_suite.layers.clip import ClipOutsideTraining
from tfgan_suite.layers.paste_known import PasteKnown
from tfgan_suite.layers.spectral_norm import SpectralNormalization

# Layers that hand on what they are given, or move it about.
_PASSES_ON = (
    keras.layers.Reshape, keras.layers.Flatten, keras.layers.Identity, keras.layers.Dropout, keras.layers.Permute,
    keras.layers.Cropping2D, keras.layers.ZeroPadding2D, keras.layers.UpSampling2D, keras.layers.GlobalAveragePooling2D,
    keras.layers.AveragePooling2D, ClipOutsideTraining, PasteKnown,
)  # fmt: skip
_AT_LEAST_0 = {"sigmoid", "hard_sigmoid", "softmax", "relu", "relu6", "softplus", "exponential"}
_FOUND_AT_LEAST_0 = "numbers from 0 on"
_PROBE_ROWS = 4


def check_networks(generator: keras.Model, discriminator: keras.Model) -> None:
    """Refuses networks that cannot be trained against each other.

    Raises:
        InputError: not built, without known shapes, or of shapes that do not fit.

    Warns:
        UserWarning: losses of a network's own, such as regularizers', which no step adds.
    """
    for network in (generator, discriminator):
        if not network.built:
            raise InputError(f"{network.name} is not built: give its first layer an input shape.")
        if not hasattr(network, "output_shape"):
            raise InputError(f"{network.name} must be a Functional or Sequential model, whose shapes are known.")
    latents, images = (_shapes(network.input_shape) for network in (generator, discriminator))
    if len(latents[0]) != 2 or latents[0][-1] is None:
        raise InputError(
            f"The generator must take latents of the shape (N, latent_dim). Received: {latents[0]}. Begin it with "
            f"keras.layers.Reshape, such as from (latent_dim,) to (1, 1, latent_dim)."
        )
    made, judged = tuple(generator.output_shape[1:]), images[0][1:]
    if len(made) != 3 or made != judged:
        raise InputError(
            f"The discriminator must take the generator's images (H, W, C). Received: a generator of {made}, "
            f"a discriminator of {judged}."
        )
    if len(latents) != len(images) or len(latents) > 2:
        raise InputError(
            "Both networks take one input, or a label as a second one. Received: a generator of "
            f"{len(latents)} inputs, a discriminator of {len(images)}."
        )
    if discriminator.output_shape[-1] != 1:
        raise InputError(
            f"The discriminator must end in one logit, or one a patch. Received: {discriminator.output_shape[1:]}."
        )
    for network in (generator, discriminator):
        if network.losses:
            warnings.warn(
                f"{network.name} has losses of its own, such as a kernel_regularizer's, which the step does not add. "
                "Use an optimizer with weight_decay instead.",
                UserWarning,
                stacklevel=3,
            )


def _shapes(shape: Any) -> list[tuple[int | None, ...]]:
    return [tuple(part) for part in shape] if isinstance(shape, list) else [tuple(shape)]


def check_ends(
    generator: keras.Model, discriminator: keras.Model, logits_are_log_odds: bool, is_loading: bool = False
) -> None:
    """Looks at what the networks end in.

    An end that cannot be read from the network's layers is tried by one call, but not when a model is loaded.

    Args:
        generator: should end in tanh, or in anything that reaches from -1 to 1.
        discriminator: should end in a logit, with no activation.
        logits_are_log_odds: whether the loss takes the sigmoid itself.
        is_loading: only warn, since the model was trained like this before.

    Raises:
        InputError: a discriminator that ends in a sigmoid before a loss that takes it itself.

    Warns:
        UserWarning: all other ends that cannot fit.
    """
    found = []
    activation = last_activation(discriminator)
    if activation == "sigmoid" and logits_are_log_odds:
        said = (
            f"{discriminator.name} ends in a sigmoid, and the loss takes the sigmoid of its output once more. End it "
            "in a logit, with no activation."
        )
        if not is_loading:
            raise InputError(said)
        found.append(said)
    elif activation not in (None, "linear"):
        found.append(f"{discriminator.name} ends in {activation}, where a logit, with no activation, is expected.")
    activation = last_activation(generator)
    if activation is None and not is_loading:
        activation = _tried(generator)
    if activation in _AT_LEAST_0 | {_FOUND_AT_LEAST_0}:
        found.append(
            f"{generator.name} ends in {activation} and makes no pixel below 0, where images reach from -1 to 1. End "
            "it in tanh."
        )
    for said in found:
        warnings.warn(said, UserWarning, stacklevel=4)


def last_activation(network: keras.Model) -> str | None:
    """The name of the activation that a network ends in, `"linear"` for none; None where it cannot be read."""
    tensor = network.outputs[0]
    while True:
        operation, _, _ = tensor._keras_history
        if isinstance(operation, keras.Model):
            return last_activation(operation) if getattr(operation, "outputs", None) else None
        if not isinstance(operation, _PASSES_ON):
            return _activation_of(operation)
        tensor = operation._inbound_nodes[-1].input_tensors[0]


def _activation_of(operation: Any) -> str | None:
    """Of one layer or operation of `keras.ops`."""
    if isinstance(operation, keras.layers.Wrapper):
        return _activation_of(operation.layer)
    activation = getattr(operation, "activation", None)
    if activation is not None:
        return getattr(activation, "__name__", None)
    if isinstance(operation, keras.layers.Add | keras.layers.Subtract | keras.layers.Dot):
        return "linear"
    if isinstance(operation, keras.layers.ReLU | keras.layers.Softmax):
        return type(operation).__name__.lower()
    if not isinstance(operation, keras.Layer):
        return type(operation).__name__.lower()  # such as Sigmoid, of keras.ops.sigmoid
    return None


def _tried(generator: keras.Model) -> str | None:
    """What a call on a few latents, or images, shows of a generator whose end cannot be read."""
    first, *labels = [
        (_PROBE_ROWS, *(int(size or 1) for size in shape[1:])) for shape in _shapes(generator.input_shape)
    ]
    inputs = [np.random.default_rng(0).normal(size=first).astype(np.float32)]
    inputs += [np.zeros(shape, np.float32) for shape in labels]
    images = np.asarray(generator(inputs if len(inputs) > 1 else inputs[0], training=False), np.float32)
    return _FOUND_AT_LEAST_0 if images.size and images.min() >= 0 and images.max() > 0 else None


def check_no_batch_norm(discriminator: keras.Model, rule: str, clash: str) -> None:
    """Refuses a discriminator with BatchNorm, for what holds its slope.

    Args:
        discriminator: at its whole depth.
        rule: what is held, and how.
        clash: what BatchNorm does to that.

    Raises:
        InputError: it has BatchNorm.
    """
    for layer in discriminator._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            raise InputError(
                f"{rule}, and {layer.name} of {discriminator.name} {clash}. Give {option('discriminator_norm')} layer "
                "or none, or build the discriminator without BatchNorm."
            )


def check_held(discriminator: keras.Model, loss: Any, penalty: str, weight_clip: float | None) -> None:
    """Looks at what holds the slopes of a discriminator.

    Raises:
        InputError: a clip of weights that are divided by their size afterwards.

    Warns:
        UserWarning: a Wasserstein distance that nothing holds.
    """
    if weight_clip is not None and has_spectral_norm(discriminator):
        raise InputError(
            f"{option('weight_clip')} bounds weights, which {option('spectral_norm')} then divides by their size. "
            "Leave one out."
        )
    if loss == "wasserstein" and penalty == "none" and weight_clip is None and not has_spectral_norm(discriminator):
        warnings.warn(
            f"Nothing holds the slopes that {option('loss', 'wasserstein')} makes ever larger. Give "
            f"{option('penalty', 'gradient_penalty')} or {option('weight_clip', 0.01)}.",
            UserWarning,
            stacklevel=4,
        )


def has_spectral_norm(network: keras.Model) -> bool:
    """Whether any layer divides its kernel by its largest singular value."""
    return any(isinstance(layer, SpectralNormalization) for layer in network._flatten_layers())


def check_spectral_norm(discriminator: keras.Model) -> None:
    """Refuses spectral normalisation beside BatchNorm.

    Raises:
        InputError: a discriminator has both.
    """
    if has_spectral_norm(discriminator):
        check_no_batch_norm(
            discriminator,
            f"{option('spectral_norm')} holds the slope by the size of each kernel",
            "divides by the deviation of a batch, which undoes it",
        )
