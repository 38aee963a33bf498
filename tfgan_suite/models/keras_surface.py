"""What Keras's methods do on an adversarial model: every argument is honoured or refused, none is ignored."""

import types
from typing import Any, NoReturn

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.labels import Labels
from tfgan_suite.models.first_batch import (
    IN_RANGE,
    LARGEST,
    Expected,
    check_batch_labels,
    check_image_form,
    check_images,
    look_at_first_batch,
    refuse_weights,
    shape_said,
)
from tfgan_suite.models.refusals import refusals_as_input_errors, refuse


class KerasSurface(keras.Model):
    """`keras.Model` with looks at what its methods are given; `GAN` is what stands behind it.

    Each method takes its arguments at Keras's positions. What the first batch shows is refused before a step; what
    a later one shows is refused by the graph before any weight moves. Both are an `InputError`.
    """

    def expected(self) -> Expected:
        """What a batch must be."""
        raise NotImplementedError

    # ---- methods that take images -----------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | None = None,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> keras.callbacks.History:
        """`keras.Model.fit`, after a look at the first batch.

        Args:
            x: images in [-1, 1], float32 (N, H, W, C), or a `tf.data.Dataset`, `PyDataset` or generator of batches
                of images or (images, labels).
            y: labels, where x is an array; a model without labels leaves them aside.
            batch_size: of arrays; None: 32.
            epochs, verbose, callbacks, validation_split, validation_data, initial_epoch, steps_per_epoch,
                validation_steps, validation_batch_size, validation_freq: see `keras.Model.fit`.
            shuffle: whether to shuffle arrays; a dataset is shuffled where it is made. None: arrays.
            class_weight, sample_weight: refused.

        Raises:
            InputError: images or labels that do not fit, or a batch that cannot be divided into
                `discriminator_steps` parts.

        Warns:
            UserWarning: no pixel is below 0, as in images in [0, 1].
        """
        refuse_weights(sample_weight, class_weight)
        x = look_at_first_batch(x, y, batch_size, self.expected())
        if validation_data is not None:
            held_out, labels, weights = keras.utils.unpack_x_y_sample_weight(validation_data)
            refuse_weights(weights)
            of_evaluation = self.expected()._replace(row_multiple=1)
            held_out = look_at_first_batch(held_out, labels, validation_batch_size or batch_size, of_evaluation)
            validation_data = held_out if labels is None else (held_out, labels)
        with refusals_as_input_errors():
            return super().fit(
                x,
                y,
                batch_size=batch_size,
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
                validation_split=validation_split,
                validation_data=validation_data,
                # Keras warns of its own default where it has no effect.
                shuffle=not isinstance(x, tf.data.Dataset | types.GeneratorType) if shuffle is None else shuffle,
                initial_epoch=initial_epoch,
                steps_per_epoch=steps_per_epoch,
                validation_steps=validation_steps,
                validation_batch_size=validation_batch_size,
                validation_freq=validation_freq,
            )

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """`keras.Model.evaluate`, with the looks of `fit`."""
        refuse_weights(sample_weight)
        if not kwargs.get("_use_cached_eval_dataset"):  # `fit` has looked
            x = look_at_first_batch(x, y, batch_size, self.expected()._replace(row_multiple=1))
        with refusals_as_input_errors():
            return super().evaluate(
                x,
                y,
                batch_size=batch_size,
                verbose=verbose,
                steps=steps,
                callbacks=callbacks,
                return_dict=return_dict,
                **kwargs,
            )

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """`keras.Model.train_on_batch`, with the looks of `fit`."""
        refuse_weights(sample_weight, class_weight)
        self._check_batch(x, y)
        with refusals_as_input_errors():
            return super().train_on_batch(x, y, return_dict=return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """`keras.Model.test_on_batch`, with the looks of `fit`."""
        refuse_weights(sample_weight)
        self._check_batch(x, y)
        with refusals_as_input_errors():
            return super().test_on_batch(x, y, return_dict=return_dict)

    def _check_batch(self, images: Any, labels: Any) -> None:
        check_images(images, self.expected().image_shape)
        check_batch_labels(labels, len(images), self.expected())

    def unpack_batch(self, data: Any) -> tuple[tf.Tensor, Any]:
        """A batch as (images, labels), which the graph lets through where they are right.

        Labels are int32 (N,) or float32 (N, A), and None for a model without labels.
        """
        expected = self.expected()
        images, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        refuse_weights(weights)
        check_image_form(images, expected.image_shape)
        if self.jit_compile:  # XLA has no refusals: `compile` has said so
            return images, _in_form(labels, expected.labels) if expected.labels else None
        low, high, rows = tf.reduce_min(images), tf.reduce_max(images), tf.shape(images)[0]
        sides = tf.concat([tf.shape(images)[1:], [0, 0, 0]], 0)[:3]  # of images whose rank is not known before
        # Of each pixel: the smallest and largest of numbers may leave out those that are none.
        refusals = [
            refuse(tf.abs(images) <= LARGEST, IN_RANGE, "values from", low, "to", high),
            refuse(tf.equal(sides, expected.image_shape), shape_said(expected.image_shape), sides),
        ]
        if (multiple := expected.row_multiple // self.distribute_strategy.num_replicas_in_sync) > 1:
            message = f"A batch must have a multiple of discriminator_steps rows on each replica, {multiple}."
            refusals.append(refuse(tf.equal(rows % multiple, 0), message, rows))
        if expected.labels is None:
            labels = None
        elif labels is None:
            raise InputError(f"{expected.model} trains on (images, labels). Received: images alone.")
        else:
            labels = _checked_labels(labels, expected.labels)
        with _after(*refusals):
            return tf.ensure_shape(images, [None, *expected.image_shape]), labels

    # ---- methods that take latents ----------------------------------------------------------------

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> np.ndarray:
        """`keras.Model.predict`: latents, or [latents, labels], -> images."""
        self._look_at_labels(x)
        with refusals_as_input_errors():
            return super().predict(x, batch_size=batch_size, verbose=verbose, steps=steps, callbacks=callbacks)

    def predict_on_batch(self, x: Any) -> np.ndarray:
        """`keras.Model.predict_on_batch`: latents, or [latents, labels], -> images."""
        self._look_at_labels(x)
        with refusals_as_input_errors():
            return super().predict_on_batch(x)

    def _look_at_labels(self, x: Any) -> None:
        """Refuses labels beside latents before Keras tries to hand them on, which it cannot with text."""
        if isinstance(x, list | tuple) and len(x) == 2:
            check_batch_labels(x[1], len(x[0]), self.expected())

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        # Not in `call`, whose errors Keras wraps in pages of their own.
        return super().__call__(self._checked_inputs(inputs), *args, **kwargs)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The images' shape, (N, H, W, C), for that of latents or of [latents, labels]."""
        first = input_shape[0] if isinstance(input_shape[0], list | tuple) else input_shape
        return (first[0], *self.expected().image_shape)

    def _checked_inputs(self, inputs: Any) -> Any:
        expected, latent_dim = self.expected(), self.latent_dim
        parts = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
        if len(parts) != (2 if expected.labels else 1):
            takes = "[latents, labels]" if expected.labels else "latents alone"
            raise InputError(f"{expected.model} makes images of {takes}. Received: {len(parts)} arrays.")
        parts = [part if keras.backend.is_keras_tensor(part) else tf.convert_to_tensor(part) for part in parts]
        latents = parts[0]
        if not tf.TensorShape([None, latent_dim]).is_compatible_with(latents.shape):
            raise InputError(f"Latents must have the shape (N, {latent_dim}). Received: {tuple(latents.shape)}.")
        if not tf.as_dtype(latents.dtype).is_floating:
            raise InputError(f"Latents must be floating numbers. Received: {tf.as_dtype(latents.dtype).name}.")
        if expected.labels and not keras.backend.is_keras_tensor(parts[1]):
            parts[1] = _checked_labels(parts[1], expected.labels)
        return parts if expected.labels else latents

    # ---- what an adversarial model does not do ----------------------------------------------------

    def export(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: `tfgan_suite.export_generator` writes a SavedModel with all signatures."""
        raise InputError("A GAN is exported by tfgan_suite.export_generator(model, folder), or by scripts/export.py.")

    def quantize(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: an exported generator is quantised."""
        raise InputError(
            "A GAN is not quantised as a whole. Export it, and use scripts/export.py --format litert --int8."
        )

    def add_loss(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: the step has the losses of `compile` alone."""
        self._refuse_loss("add_loss")

    def add_metric(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: see `Evaluation` for metrics."""
        self._refuse_loss("add_metric")

    def compute_loss(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: each network has a loss of its own."""
        self._refuse_loss("compute_loss")

    def stateless_compute_loss(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: each network has a loss of its own."""
        self._refuse_loss("stateless_compute_loss")

    def compute_metrics(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: the step's own means are what `metrics` lists."""
        self._refuse_loss("compute_metrics")

    def _refuse_loss(self, name: str) -> NoReturn:
        raise InputError(
            f"{type(self).__name__} has no {name}: a loss for each network, by compile(loss=...), is all that its step "
            "takes. Metrics of images are tfgan_suite.Evaluation's, a callback."
        )


def _after(*refusals: tf.Operation | None) -> Any:
    """What is computed within waits for the refusals of a graph; outside of one there are none to wait for."""
    return tf.control_dependencies([operation for operation in refusals if operation is not None])


def _in_form(labels: Any, expected: Labels) -> tf.Tensor:
    """int32 (N,) or float32 (N, A), whatever type and shape of those allowed they came in."""
    labels = tf.convert_to_tensor(labels)
    expected.check_form(labels.dtype.as_numpy_dtype, None if labels.shape.rank is None else labels.shape.as_list())
    if expected.kind == "classes":
        return tf.cast(tf.reshape(labels, [-1]), tf.int32)
    return tf.cast(tf.reshape(labels, [-1, expected.size]), tf.float32)


def _checked_labels(labels: Any, expected: Labels) -> tf.Tensor:
    """What `_in_form` gives, let through by the graph where the numbers are right."""
    labels = tf.convert_to_tensor(labels)
    if labels.shape.rank is None:  # known only when the graph runs; the product of no sides is 1
        width, size = tf.reduce_prod(tf.shape(labels)[1:]), 1 if expected.kind == "classes" else expected.size
        with _after(refuse(tf.equal(width, size), f"Labels must have the shape (N, {size}).", tf.shape(labels))):
            labels = tf.identity(labels)
    labels = _in_form(labels, expected)
    low, high = tf.reduce_min(labels), tf.reduce_max(labels)
    with _after(refuse(expected.is_right(labels), f"Labels {expected.said}.", low, "to", high)):
        return tf.identity(labels)
