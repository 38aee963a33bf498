"""A layer whose kernel is divided by its largest singular value, through which the gradient passes."""

from typing import Any

import keras
import tensorflow as tf

from tfgan_suite.errors import InputError

# Of the paper's code: no length is divided by less.
EPSILON = 1e-12
_KERNELS = (keras.layers.Dense, keras.layers.Conv2D, keras.layers.Conv2DTranspose, keras.layers.Embedding)


@keras.saving.register_keras_serializable(package="tfgan_suite")
class SpectralNormalization(keras.layers.Wrapper):
    """`layer` with W / sigma in the place of its kernel W, a matrix (outputs, k k inputs), or of its embeddings.

    A vector u is kept, and moved by one power iteration where `move` is called: v = W'u / |W'u|, u = Wv / |Wv|. Each
    call of the layer has v of u and of W as it is now, and sigma = u'Wv, with u and v held still in the gradient. That
    is the gradient of the largest singular value once u has arrived, and for any u a loss has no slope along W. A
    call moves nothing: images of both kinds, the generator's and an evaluation's meet the same u.

    `keras.layers.SpectralNormalization` overwrites the kernel instead, and no gradient passes through its sigma.

    Args:
        layer: Dense, Conv2D, Conv2DTranspose or Embedding, or on one of them.

    Call: what `layer` takes -> what it gives.

    Raises:
        InputError: another layer.

    Reference: Miyato, Kataoka, Koyama and Yoshida, 2018, arXiv 1802.05957, section 2.1 and algorithm 1, where v is
    that of the iteration before: ours is half an iteration nearer.
    """

    def __init__(self, layer: keras.layers.Layer, **kwargs: Any):
        if not isinstance(layer, _KERNELS):
            known = ", ".join(kind.__name__ for kind in _KERNELS)
            raise InputError(
                f"SpectralNormalization takes a layer with one kernel: {known}. Received: {type(layer).__name__}."
            )
        kwargs = {"name": f"spectral_{layer.name}", **kwargs}
        # Singular values need all bits of the weights; `layer` casts what it is given by its own policy.
        super().__init__(layer, **{**kwargs, "dtype": layer.variable_dtype}, autocast=False)

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.u = self.add_weight(
            shape=(self._matrix().shape[1],),
            initializer=self._first_u,
            trainable=False,
            name="u",
            aggregation="only_first_replica",
        )

    def move(self) -> None:
        """Moves u by one power iteration towards the singular vector of the kernel as it is now."""
        self.u.assign(_iterated(self._matrix(), tf.convert_to_tensor(self.u)))

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        sigma = self.sigma()
        weight = tf.convert_to_tensor(self._kernel) / tf.maximum(sigma, EPSILON)
        with keras.StatelessScope([(self._kernel, weight)]):
            return self.layer(inputs)

    def sigma(self) -> tf.Tensor:
        """The largest singular value of the kernel, or less while u has not arrived."""
        # u first, as in `weights`: an export is known by the order in which its weights are read.
        u, matrix = tf.convert_to_tensor(self.u), self._matrix()
        v = tf.stop_gradient(_unit(tf.linalg.matvec(matrix, u)))
        return tf.tensordot(v, tf.linalg.matvec(matrix, u), 1)

    @property
    def _kernel(self) -> keras.Variable:
        return self.layer.embeddings if isinstance(self.layer, keras.layers.Embedding) else self.layer.kernel

    def _matrix(self) -> tf.Tensor:
        """W', the kernel as (k k inputs, outputs)."""
        kernel = tf.convert_to_tensor(self._kernel)
        if isinstance(self.layer, keras.layers.Conv2DTranspose):  # (k, k, outputs, inputs)
            kernel = tf.transpose(kernel, (0, 1, 3, 2))
        return tf.reshape(kernel, (-1, kernel.shape[-1]))

    def _first_u(self, shape: Any, dtype: Any) -> tf.Tensor:
        return _iterated(self._matrix(), keras.initializers.RandomNormal(stddev=1.0)(shape, dtype))

    def compute_output_spec(self, inputs: Any, training: bool | None = None) -> Any:
        return self.layer.compute_output_spec(inputs)


def move_spectral(network: keras.Model) -> None:
    """Moves u of every layer of a network, where it has some, by one power iteration."""
    for layer in network._flatten_layers():
        if isinstance(layer, SpectralNormalization):
            layer.move()


def _iterated(matrix: tf.Tensor, u: tf.Tensor) -> tf.Tensor:
    v = _unit(tf.linalg.matvec(matrix, u))
    return _unit(tf.linalg.matvec(matrix, v, transpose_a=True))


def _unit(vector: tf.Tensor) -> tf.Tensor:
    return vector / (tf.norm(vector) + EPSILON)
