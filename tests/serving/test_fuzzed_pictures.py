"""Whatever bytes a translator is given as a file, it says in one line what is wrong or answers, and holds no memory."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from exported import lively_translator
from picture_files import HUGE, KINDS, fuzzed, megabytes_of, must_be, opened_picture, png_saying
from real_server import there
from servers import Server, running_server

from tfgan_suite.commands.query import query_picture_to
from tfgan_suite.errors import InputError
from tfgan_suite.models.refusals import refusal
from tfgan_suite.serving.client import connect
from tfgan_suite.serving.export import export_generator
from tfgan_suite.serving.session import ServingSession
from tfgan_suite.startup.quiet import quiet

SIDES = (16, 16)
LARGEST_GROWTH = 5.0  # megabytes, by a file that says to be of 30,000 x 30,000 pixels


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_generator(lively_translator(sides=SIDES), tmp_path_factory.mktemp("fuzzed"), verify=False)


@pytest.fixture(scope="module")
def session(version: Path) -> Iterator[ServingSession]:
    with ServingSession(version) as session:
        yield session


def asked(session: ServingSession, *files: bytes) -> np.ndarray:
    return session.run("translate_png", {"image_bytes": np.array([*files, None], object)[:-1]})["image_bytes"]


def test_every_kind_of_file_is_refused_in_one_line_or_answered(session: ServingSession) -> None:
    found = Counter()
    first = asked(session, fuzzed(0)[1])
    for number in range(20 * len(KINDS)):
        kind, file = fuzzed(number)
        try:
            with quiet():  # libjpeg speaks of each damage
                (answer,) = asked(session, file)
        except tf.errors.InvalidArgumentError as error:
            said, end = refusal(error).splitlines()[0], "refused"
            assert 20 < len(said) < 300, said
        else:
            end = "answered"
            assert opened_picture(answer).shape == (*SIDES, 3)
        assert must_be(kind) in (None, end), (kind, number)
        found[end] += 1
    assert min(found["refused"], found["answered"]) > 20
    assert asked(session, fuzzed(0)[1]) == first


def test_one_bad_file_fails_its_request_and_not_the_next(session: ServingSession) -> None:
    good = [fuzzed(number)[1] for number in (0, 1)]
    expected = asked(session, *good)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Received:.*row.*1.*which begins with.*47 49 46 38"):
        asked(session, good[0], b"GIF89a", good[1])
    np.testing.assert_array_equal(asked(session, *good), expected)


@pytest.mark.parametrize("side", [HUGE, 9_000])
def test_a_huge_picture_is_refused_before_it_takes_memory(side: int, session: ServingSession) -> None:
    """Of 20 kB; TensorFlow would refuse the one by itself, and take 324 MB for the other."""
    file = png_saying(side, side)
    assert 20_000 < len(file) < 20_200
    asked(session, fuzzed(0)[1])
    Path("/proc/self/clear_refs").write_text("5")  # the peak is what it is now
    before = megabytes_of("self")
    for _ in range(20):
        with pytest.raises(tf.errors.InvalidArgumentError, match="at most 1000000 pixels in all"):
            asked(session, file)
    assert megabytes_of("self", "VmHWM") - before < LARGEST_GROWTH


@pytest.fixture(scope="module", params=there("stand_in", "real"))
def server(request: pytest.FixtureRequest, version: Path) -> Iterator[Server]:
    pytest.importorskip("tensorflow_serving")
    flags = ("--enable_batching", "--enable_per_model_batching_parameters")
    with pytest.MonkeyPatch.context() as patch:
        # Of the many threads that come and go malloc would give each a heap of its own.
        patch.setenv("MALLOC_ARENA_MAX", "1")
        with running_server(version.parent, *flags, kind=request.param) as server:
            yield server


@pytest.mark.slow
def test_a_server_answers_as_a_session_does(server: Server, session: ServingSession, tmp_path: Path) -> None:
    """Levels and files, over both protocols, by our client and by its command."""
    images = np.random.default_rng(0).integers(0, 256, (3, *SIDES, 3)).astype(np.uint8)
    files = [fuzzed(number)[1] for number in (0, 1, 16)]
    expected = session.run("serving_default", {"images": images})["images"], asked(session, *files)
    (tmp_path / "a.png").write_bytes(files[0])
    for url in (server.rest_url, server.grpc_url):
        with connect(url, "gan") as client:
            levels = client.predict("serving_default", {"images": images})["images"]
            assert levels.dtype == np.uint8
            assert np.abs(levels.astype(int) - expected[0]).max() <= 1
            answer = client.predict("translate_png", {"image_bytes": files})["image_bytes"]
            assert [len(file) > 50 for file in answer] == [True] * 3
            for file, theirs in zip(answer, expected[1], strict=True):
                assert np.abs(opened_picture(file).astype(int) - opened_picture(theirs)).max() <= 1
        query_picture_to(url, "gan", str(tmp_path / "b.png"), str(tmp_path / "a.png"))
        made = opened_picture((tmp_path / "b.png").read_bytes())
        assert np.abs(made.astype(int) - opened_picture(expected[1][0])).max() <= 1


@pytest.mark.slow
def test_ten_thousand_requests_leave_a_server_as_it_was(server: Server) -> None:
    """By our client, over REST and gRPC in turn: each a line or an answer, and the first answer in the end again."""
    assert server.process is not None
    found: Counter[str] = Counter()
    with connect(server.rest_url, "gan", timeout=60) as rest, connect(server.grpc_url, "gan", timeout=60) as grpc:
        clients = (rest, grpc)
        first = [client.predict("translate_png", {"image_bytes": [fuzzed(0)[1]]})["image_bytes"] for client in clients]
        early = late = 0.0
        for number in range(10_000):
            kind, file = fuzzed(number)
            try:
                answer = clients[number // len(KINDS) % 2].predict("translate_png", {"image_bytes": [file]})
            except InputError as error:
                end = "refused"
                assert "\n" not in str(error) and "It says: " in str(error), (kind, number, error)
            else:
                end = "answered"
                assert opened_picture(answer["image_bytes"][0]).shape == (*SIDES, 3)
            assert must_be(kind) in (None, end), (kind, number)
            found[f"{kind}, {end}"] += 1
            if number == 6_000:  # malloc keeps what it has had once, and the largest pictures have come by then
                early = megabytes_of(server.process.pid)
        late = megabytes_of(server.process.pid)
        print(f"memory after 6,000 and after 10,000: {early:.1f} and {late:.1f} MB; {dict(found)}")
        for client, expected in zip(clients, first, strict=True):
            again = client.predict("translate_png", {"image_bytes": [fuzzed(0)[1]]})["image_bytes"]
            np.testing.assert_array_equal(again, expected)
        assert late - early < 15  # the Session alone grows by 1 in 10,000 requests
        before, file = megabytes_of(server.process.pid), png_saying(HUGE, HUGE)
        for turn in range(50):
            with pytest.raises(InputError, match="at most 1000000 pixels in all"):
                clients[turn % 2].predict("translate_png", {"image_bytes": [file]})
        assert megabytes_of(server.process.pid) - before < LARGEST_GROWTH
    server.check_alive()
