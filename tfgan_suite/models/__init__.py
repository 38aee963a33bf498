"""Training algorithms: `keras.Model` classes with a `train_step` of their own."""

from tfgan_suite.startup.backend import check_backend

check_backend()
