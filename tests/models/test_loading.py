import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from shrunk import batches, shrunk_model

from tfgan_suite import GAN, InputError, load_model

FRESH_PROCESS = """
import sys
import numpy as np
import tfgan_suite
model = tfgan_suite.load_model(sys.argv[1])
np.save(sys.argv[2], model.generate(3, seed=1))
assert [int(optimizer.iterations.numpy()) for optimizer in model.optimizer.optimizers] == [4, 4]
"""


@pytest.mark.slow
def test_loads_in_a_fresh_process(tmp_path: Path) -> None:
    model = shrunk_model("cgan")
    model.fit(batches(), verbose=0)
    model.save(tmp_path / "model.keras")
    (tmp_path / "fresh.py").write_text(FRESH_PROCESS)
    subprocess.run([sys.executable, "fresh.py", "model.keras", "images.npy"], cwd=tmp_path, check=True)
    np.testing.assert_allclose(np.load(tmp_path / "images.npy"), model.generate(3, seed=1), atol=1e-6)


def test_what_is_no_gan_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        load_model(tmp_path / "missing.keras")
    (tmp_path / "damaged.keras").write_bytes(b"PK damaged")
    with pytest.raises(InputError, match="cannot be loaded"):
        load_model(tmp_path / "damaged.keras")
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "foreign.keras")
    with pytest.raises(InputError, match="holds no model"):
        load_model(tmp_path / "foreign.keras")


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    generator = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(16), keras.layers.Lambda(lambda x: keras.ops.reshape(x, (-1, 4, 4, 1)))]
    )
    discriminator = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model = GAN(generator, discriminator)
    model.compile()
    model.save(tmp_path / "lambda.keras")
    with pytest.raises(InputError, match=r"cannot be loaded.*lambda"):
        load_model(tmp_path / "lambda.keras")
