import pytest

from tfgan_suite.errors import DivergenceError, InputError, unknown_choice


def test_kinds_of_errors() -> None:
    assert issubclass(InputError, ValueError)
    assert issubclass(DivergenceError, ArithmeticError)
    assert not issubclass(DivergenceError, ValueError)


def test_unknown_choice_names_the_close_and_all_others_in_order() -> None:
    error = unknown_choice("loss", "hinges", ["minimax", "hinge"])
    assert isinstance(error, InputError)
    assert str(error) == "Unknown loss 'hinges'. Did you mean hinge? Expected one of: hinge, minimax."


def test_unknown_choice_gives_at_most_two_close_names() -> None:
    message = str(unknown_choice("model", "gan", {"cgan": 1, "wgan": 2, "lgan": 3}))
    assert message.count(" or ") == 1


@pytest.mark.parametrize(("received", "close"), [("MNIST", "mnist"), ("dcgann", "DCGAN")])
def test_unknown_choice_looks_past_capitals(received: str, close: str) -> None:
    assert f"Did you mean {close}?" in str(unknown_choice("name", received, ["mnist", "DCGAN"]))


@pytest.mark.parametrize("received", ["zzz", "", None, 3])
def test_unknown_choice_without_a_close_name_has_no_hint(received: object) -> None:
    message = str(unknown_choice("loss", received, ["hinge", "minimax"]))
    assert message == f"Unknown loss {str(received)!r}. Expected one of: hinge, minimax."


def test_unknown_choice_tells_a_thousand_names_in_one_line() -> None:
    message = str(unknown_choice("class", "class 9999", [f"class {index}" for index in range(1000)]))
    assert "Did you mean class 999 or " in message
    assert message.endswith(", ... (1,000 in all).")
    assert message.count(",") < 60
