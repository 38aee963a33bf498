"""The requests that a server runs when it loads a version."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format

from tfgan_suite import InputError
from tfgan_suite.ports import Ports, example_inputs, generator_ports, images_port, logits_port
from tfgan_suite.serving.session import ServingSession
from tfgan_suite.serving.warmup import (
    BATCH_SIZES,
    BATCHING,
    WARMUP,
    PredictionLog,
    read_warmup,
    write_warmup,
)

ATTRIBUTES = {"latent_dim": 4, "image_shape": (8, 8, 1), "num_classes": None, "num_attributes": 3}
DOCS = Path(__file__).parents[2] / "docs" / "serving"


def test_every_signature_at_every_size(cgan_version: Path) -> None:
    with ServingSession(cgan_version) as session:
        assert len(session.signatures) == 6
        requests = list(read_warmup(cgan_version))
        counts = Counter((name, len(next(iter(inputs.values())))) for name, inputs in requests)
        assert counts == Counter((name, rows) for name in session.signatures for rows in BATCH_SIZES)
        for name, inputs in requests:
            assert {len(value) for value in inputs.values()} == {len(v) for v in session.run(name, inputs).values()}


def test_the_batching_parameters_name_the_sizes_of_the_warmup(cgan_version: Path) -> None:
    text = (cgan_version / BATCHING).read_text(encoding="utf-8")
    sizes = [int(size) for size in re.findall(r"^allowed_batch_sizes: (\d+)$", text, re.MULTILINE)]
    assert sizes == list(BATCH_SIZES) == sorted(sizes)
    assert f"\nmax_batch_size {{ value: {sizes[-1]} }}\n" in text  # the server refuses a version where they differ


def test_examples_fit_attributes_and_do_not_depend_on_the_first_row() -> None:
    names = ("seeds", "latents", "latents_a", "t", "truncation", "labels", "images")
    whole, part = example_inputs(names, 7, ATTRIBUTES), example_inputs(names, 4, ATTRIBUTES, first=3)
    assert whole["labels"].shape == (7, 3)
    for name in names:
        np.testing.assert_array_equal(whole[name][3:], part[name])


def test_a_tensor_of_one_value_is_small_in_the_file(tmp_path: Path) -> None:
    write_warmup(tmp_path, {"score": Ports((images_port((256, 256, 3)),), logits_port())})
    assert (tmp_path / WARMUP).stat().st_size < 1000
    assert [inputs["images"].shape[0] for _, inputs in read_warmup(tmp_path)] == list(BATCH_SIZES)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    write_warmup(tmp_path, {"sample": generator_ports(ATTRIBUTES)["sample"]})
    (tmp_path / WARMUP).write_bytes((tmp_path / WARMUP).read_bytes()[:-3])
    with pytest.raises(InputError, match="cannot be read"):
        list(read_warmup(tmp_path))
    with pytest.raises(InputError, match="cannot be read"):
        list(read_warmup(tmp_path / "nowhere"))


def test_the_official_messages_read_ours(cgan_version: Path) -> None:
    official = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2").PredictionLog
    records = list(tf.data.TFRecordDataset(str(cgan_version / WARMUP)).as_numpy_iterator())
    for record, (name, inputs) in zip(records, read_warmup(cgan_version), strict=True):
        log = official.FromString(record)
        assert log.WhichOneof("log_type") == "predict_log"
        request = log.predict_log.request
        assert request.model_spec.signature_name == name
        assert request.inputs.keys() == inputs.keys()
        for key, value in inputs.items():
            np.testing.assert_array_equal(tf.make_ndarray(request.inputs[key]), value)
        # Nothing of it is unknown to them: what they write is what they read.
        assert PredictionLog.FromString(log.SerializeToString()) == PredictionLog.FromString(record)
        assert len(log.SerializeToString()) == len(record)


def test_models_config_is_read_by_the_official_message() -> None:
    config = pytest.importorskip("tensorflow_serving.config.model_server_config_pb2").ModelServerConfig()
    text = (DOCS / "models.config").read_text(encoding="utf-8")
    text_format.Parse(text, config)
    (model,) = config.model_config_list.config
    assert (model.name, model.base_path, model.model_platform) == ("gan", "/models/gan", "tensorflow")
    assert model.model_version_policy.latest.num_versions == 1
    (other,) = re.findall(r"# (model_version_policy .*)", text)
    text_format.Parse(re.sub(r"(?m)^ *model_version_policy.*$", other, text), config.__class__())


def test_compose_starts_the_server_on_what_is_mounted() -> None:
    yaml = pytest.importorskip("yaml")
    (service,) = yaml.safe_load((DOCS / "compose.yaml").read_text(encoding="utf-8"))["services"].values()
    assert service["ports"] == ["127.0.0.1:8500:8500", "127.0.0.1:8501:8501"]
    mounted = [volume.rsplit(":", 2) for volume in service["volumes"]]
    assert {mode for _, _, mode in mounted} == {"ro"}
    files = {target: source for source, target, _ in mounted}
    for flag in service["command"]:
        name, _, value = flag.partition("=")
        if name.endswith("_file"):
            assert (DOCS / files[value]).is_file()
    assert "/models/gan" in files and {"--enable_batching", "--enable_per_model_batching_parameters"} <= {
        *service["command"]
    }


def test_the_inference_service_names_a_tensorflow_model() -> None:
    yaml = pytest.importorskip("yaml")
    service = yaml.safe_load((DOCS / "inference_service.yaml").read_text(encoding="utf-8"))
    assert (service["apiVersion"], service["kind"]) == ("serving.kserve.io/v1beta1", "InferenceService")
    model = service["spec"]["predictor"]["model"]
    assert model["modelFormat"] == {"name": "tensorflow"}
    assert model["storageUri"].startswith("pvc://")
