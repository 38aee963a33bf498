"""What Keras's methods do on an adversarial model: every argument is honoured or refused, none is ignored."""

import types
from typing import Any, NoReturn

import keras
import numpy as np
import tensorflow as tf

from tfgan_suite.errors import InputError
from tfgan_suite.models.first_batch import Expected, check_batch, check_labels, look_at_first_batch, refuse_weights
from tfgan_suite.models.let_through import after, in_form, let_through
from tfgan_suite.models.refusals import refusals_as_input_errors, refuse
from tfgan_suite.ports import Ports


class KerasSurface(keras.Model):
    """`keras.Model` with looks at what its methods are given; `Algorithm` is what stands behind it.

    Each method takes its arguments at Keras's positions. What the first batch shows is refused before a step; what
    a later one shows is refused by the graph before any weight moves. Both are an `InputError`.
    """

    def expected(self) -> Expected:
        """What a batch must be."""
        raise NotImplementedError

    def call_ports(self) -> Ports:
        """What the model itself is called on, and what it gives."""
        raise NotImplementedError

    # ---- methods that take batches ----------------------------------------------------------------

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
                such as images, (images, labels), (source, target) or ((a, b),): see `takes` of the model.
            y: what stands beside x, where x is an array, such as labels; a model without them leaves them aside.
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
            held_out, beside, weights = keras.utils.unpack_x_y_sample_weight(validation_data)
            refuse_weights(weights)
            of_evaluation = self.expected()._replace(row_multiple=1)
            held_out = look_at_first_batch(held_out, beside, validation_batch_size or batch_size, of_evaluation)
            alone = (held_out,) if isinstance(held_out, tuple | list) else held_out
            validation_data = alone if beside is None else (held_out, beside)
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

    def _check_batch(self, x: Any, y: Any) -> None:
        check_batch(x, y, self.expected())

    def unpack_batch(self, data: Any) -> tuple[tf.Tensor, ...]:
        """The arrays of a batch, one for each port of `takes`, which the graph lets through where they are right."""
        expected = self.expected()
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        refuse_weights(weights)
        given = list(zip(expected.arrays(x, y), expected.ports, strict=True))
        if self.jit_compile:  # XLA has no refusals: `compile` has said so
            return tuple(in_form(values, port) for values, port in given)
        first, *others = (let_through(values, port) for values, port in given)
        if (multiple := expected.row_multiple // self.distribute_strategy.num_replicas_in_sync) > 1:
            rows = tf.shape(first)[0]
            message = f"A batch must have a multiple of discriminator_steps rows on each replica, {multiple}."
            with after(refuse(tf.equal(rows % multiple, 0), message, rows)):
                first = tf.identity(first)
        return (first, *others)

    # ---- methods that make images -----------------------------------------------------------------

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> np.ndarray:
        """`keras.Model.predict`: what the model is called on, such as latents or [latents, labels], -> images."""
        self._look_at_labels(x)
        with refusals_as_input_errors():
            return super().predict(x, batch_size=batch_size, verbose=verbose, steps=steps, callbacks=callbacks)

    def predict_on_batch(self, x: Any) -> np.ndarray:
        """`keras.Model.predict_on_batch`, with the looks of `predict`."""
        self._look_at_labels(x)
        with refusals_as_input_errors():
            return super().predict_on_batch(x)

    def _look_at_labels(self, x: Any) -> None:
        """Refuses labels before Keras tries to hand them on, which it cannot with text."""
        ports = self.call_ports().inputs
        if isinstance(x, list | tuple) and len(x) == len(ports):
            for port, part in zip(ports, x, strict=True):
                if port.labels is not None:
                    check_labels(part, port.labels, len(x[0]))

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        # Not in `call`, whose errors Keras wraps in pages of their own.
        return super().__call__(self._checked_inputs(inputs), *args, **kwargs)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The images' shape, (N, H, W, C), for that of what the model is called on."""
        first = input_shape[0] if isinstance(input_shape[0], list | tuple) else input_shape
        return (first[0], *(self.call_ports().output.row_shape or ()))

    def _checked_inputs(self, inputs: Any) -> Any:
        ports = self.call_ports().inputs
        parts = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
        if len(parts) != len(ports):
            names = ", ".join(port.name for port in ports)
            takes = f"[{names}]" if len(ports) > 1 else f"{names} alone"
            raise InputError(f"{type(self).__name__} makes images of {takes}. Received: {len(parts)} arrays.")
        checked = []
        for part, port in zip(parts, ports, strict=True):
            symbolic = keras.backend.is_keras_tensor(part)
            part = part if symbolic else tf.convert_to_tensor(part)
            if port.labels is not None:
                checked.append(part if symbolic else let_through(part, port))
                continue
            row = ", ".join(map(str, port.row_shape or ()))
            if not tf.TensorShape([None, *(port.row_shape or ())]).is_compatible_with(part.shape):
                raise InputError(f"{port.title} must have the shape (N, {row}). Received: {tuple(part.shape)}.")
            if not tf.as_dtype(part.dtype).is_floating:
                found = tf.as_dtype(part.dtype).name
                raise InputError(f"{port.title} must be floating numbers. Received: {found}.")
            checked.append(part)
        return checked if len(checked) > 1 else checked[0]

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
