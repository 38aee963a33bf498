"""Training algorithms: `keras.Model` classes with a `train_step` of their own."""

import keras

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        f"tfgan_suite trains with Keras's TensorFlow backend. Received: {keras.backend.backend()}. "
        "Set the environment variable KERAS_BACKEND=tensorflow before Keras is imported."
    )
