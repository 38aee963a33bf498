"""A model that translates both ways, behind one server, by the file of models in `docs/unpaired.md`."""

import re
from pathlib import Path

import numpy as np
import pytest

from tfgan_suite.models.cycle_gan import CycleGAN
from tfgan_suite.serving.export import export_model
from tfgan_suite.serving.saved_translator import SavedTranslator

pytest.importorskip("tensorflow_serving.apis.predict_pb2")

from asking import SCHEMES, asking
from servers import running_server

PAGE = Path(__file__).parents[2] / "docs" / "unpaired.md"


@pytest.mark.slow
def test_one_server_has_both_ways(tmp_path: Path) -> None:
    small = {"base_filters": 4, "residual_blocks": 1, "discriminator_halvings": 1, "initializer_stddev": 0.2}
    model = CycleGAN((8, 12, 3), (8, 12, 1), identity_weight=0.0, **small)
    export_model(model, tmp_path / "both", verify=False)
    (config,) = re.findall(r"```\n(model_config_list .*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    file = tmp_path / "models.config"
    file.write_text(config.replace("/models/NAME", str(tmp_path / "both")))
    random = np.random.default_rng(0)
    with running_server(tmp_path, f"--model_config_file={file}") as server, asking(server) as asker:
        for way, channels in (("a_to_b", 3), ("b_to_a", 1)):
            images = random.integers(0, 256, (2, 8, 12, channels)).astype(np.uint8)
            expected = SavedTranslator(tmp_path / "both" / way).translate(images)
            for scheme in SCHEMES:
                answer = asker.predict(scheme, "serving_default", {"images": images}, model=way)["images"]
                assert np.abs(answer.astype(int) - expected).max() <= 1 and answer.shape == (2, 8, 12, 4 - channels)
