"""Labels from the outside, made into arrays: classes int32 (N,), attributes float32 (N, A)."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tfgan_suite.errors import InputError, printable, unknown_choice

# Where it is not known how many classes there are: labels are int32.
MAX_CLASSES = 2**31
NUMBER_NAMES = "Number the names: np.unique(labels, return_inverse=True)[1]."


@dataclass(frozen=True)
class Labels:
    """The labels that a conditional generator takes.

    Attributes:
        kind: "classes", of which an image has one, or "attributes", of which it has any number.
        size: how many classes or attributes there are.
        names: theirs, in order; those beyond the last name are called by their index.
    """

    kind: Literal["classes", "attributes"]
    size: int
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, num_classes: int | None, num_attributes: int | None, names: Any = ()) -> "Labels | None":
        """The labels of two numbers, of which one is None; None where both are.

        Args:
            num_classes: number of classes; None without them.
            num_attributes: number of attributes; None without them.
            names: a list or tuple of names; anything else is none, since a card may be a stranger's.
        """
        known = tuple(map(str, names)) if isinstance(names, list | tuple) else ()
        size = num_attributes if num_classes is None else num_classes
        if size is None:
            return None
        # What is no number is said by those who look at the card.
        known = known[:size] if isinstance(size, int) else ()
        return cls("attributes" if num_classes is None else "classes", size, known)

    @classmethod
    def of_rows(cls, row_shape: Sequence[int], names: Sequence[str] = ()) -> "Labels":
        """The labels whose arrays have such rows: see `row_shape`.

        Args:
            row_shape: of a label.
            names: theirs; without them nothing is known of how many classes there are.
        """
        if len(row_shape) == 0:
            return cls("classes", len(names) or MAX_CLASSES, tuple(names))
        return cls("attributes", int(row_shape[0]), tuple(names))

    @classmethod
    def of_card(cls, card: Mapping[str, Any]) -> "Labels | None":
        """The labels of a card of any age, by its `num_classes`, `num_attributes` and perhaps `label_names`."""
        return cls.of(card.get("num_classes"), card.get("num_attributes"), card.get("label_names"))

    @staticmethod
    def facts(labels: "Labels | None") -> dict[str, int | None]:
        """What a card says of them."""
        sizes = {} if labels is None else {labels.kind: labels.size}
        return {"num_classes": sizes.get("classes"), "num_attributes": sizes.get("attributes")}

    def parse(self, text: str) -> np.ndarray:
        """Labels of the command line: int32 (M,) classes, or float32 (M, A) attributes.

        A comma leads to the next image, `+` joins attributes. Digits are always the index of a class, or one digit for
        each attribute; a name may be written in another case where it stays the only one.

        >>> Labels("classes", 3, ("Bag", "Boot", "Shirt")).parse("shirt,0").tolist()
        [2, 0]
        >>> Labels("attributes", 3, ("Male", "Smiling", "Young")).parse("Smiling+Young,100").tolist()
        [[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]

        Raises:
            InputError: the text is not of that form, or names no label of these.
        """
        return self._read(text.split(","))

    def check(self, labels: Any, count: int) -> np.ndarray:
        """`count` labels: those given, repeated from the start as often as needed.

        Args:
            labels: see `values`; None: every class in turn, or each attribute alone in turn.
            count: N, how many are needed.

        Returns:
            int32 (N,) or float32 (N, A).

        Raises:
            InputError: labels that do not fit, or more than `count`.
        """
        if labels is None:
            turns = np.arange(count) % self.size
            return turns.astype(np.int32) if self.kind == "classes" else np.eye(self.size, dtype=np.float32)[turns]
        values = self.values(labels)
        if len(values) > count:
            raise InputError(f"There are more labels than images. Received: {len(values)} labels for {count}.")
        return np.resize(values, (count, *values.shape[1:]))

    def values(self, labels: Any) -> np.ndarray:
        """Labels as they are trained on: int32 (M,) classes, or float32 (M, A) attributes.

        Args:
            labels: integers (M,) or (M, 1), zeros and ones (M, A), or one label alone; where there are names also
                those, as a list or as `parse` takes them.

        Raises:
            InputError: labels of another shape or type, or out of range.
        """
        try:
            values = np.asarray(labels)
        except ValueError as error:
            raise InputError(f"Labels must be of one shape each. Received: {str(labels)[:80]}.") from error
        if values.dtype.kind in "OSU":
            return self._of_names(labels, values)
        return self._classes(values) if self.kind == "classes" else self._attributes(values)

    @property
    def dtype(self) -> type[np.generic]:
        """Of an array of labels."""
        return np.int32 if self.kind == "classes" else np.float32

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of one label in an array of them."""
        return () if self.kind == "classes" else (self.size,)

    @property
    def wrong(self) -> int:
        """A number that is none of a label."""
        return self.size if self.kind == "classes" else 2

    @property
    def said(self) -> str:
        """What is said of numbers that `is_right` does not let pass."""
        return (
            f"must be in 0..{self.size - 1}"
            if self.kind == "classes"
            else "must be 0 or 1 (of -1 and 1 give (labels + 1) // 2)"
        )

    def is_right(self, numbers: Any) -> Any:
        """Whether each number, in an array of NumPy or a tensor, is one of a label.

        >>> Labels("classes", 3).is_right(np.array([-1, 0, 2, 3])).tolist()
        [False, True, True, False]
        """
        if self.kind == "classes":
            return (numbers >= 0) & (numbers < self.size)
        return (numbers == 0) | (numbers == 1)

    def check_form(self, dtype: Any, shape: Sequence[int | None] | None) -> None:
        """Refuses a batch of labels by what is known before its numbers are.

        Args:
            dtype: NumPy's.
            shape: must be (N,) or (N, 1) for classes, (N, A) for attributes; N may be None. None: not known yet.

        Raises:
            InputError: with the way from what was received to what is expected.
        """
        kind = np.dtype(dtype).kind
        found = f"Received: {np.dtype(dtype).name}{'' if shape is None else f' of shape {tuple(shape)}'}."
        sides = None if shape is None else tuple(shape)[1:]
        if self.kind == "attributes":
            if kind in "OSU" or sides not in (None, (self.size,)):
                raise InputError(f"Labels must be rows of {self.size} zeros and ones, one row an image. {found}")
            return
        if sides is not None and len(sides) == 1 and sides[0] != 1:
            raise InputError(f"Labels must be integers (N,). {found} Of one-hot rows give np.argmax(labels, 1).")
        if kind not in "iu" or sides not in (None, (), (1,)):
            remedy = " Of whole numbers give labels.astype('int32')." if kind in "bf" else ""
            remedy = f" {NUMBER_NAMES}" if kind in "OSU" else remedy
            raise InputError(f"Labels must be integers, one an image. {found}{remedy}")

    def listing(self) -> list[str]:
        """Index and name of every label, a line each; with its digits where its name cannot be given."""
        lines = []
        for index, own in enumerate(self.check(None, self.size)):
            line = f"{index} {printable(name_of(index, self.names))}"
            lines.append(line if self._finds(index, own) else f"{line} (give it as {spelled(own)})")
        return lines

    def summary(self, values: np.ndarray) -> str:
        """How many there are of which kind, and how they lie in these labels of a data set."""
        if self.kind == "attributes":
            return f"{self.size} attributes ({', '.join(self.names)})"
        counts = np.bincount(values, minlength=self.size)
        return f"{self.size} classes of {counts.min():,} to {counts.max():,} images"

    def renumbered(self, values: np.ndarray) -> list[str]:
        """`label 1 is "2"` for each of these classes whose name is another number than its index."""
        if self.kind == "attributes":
            return []
        names = [(int(index), name_of(int(index), self.names)) for index in np.unique(values)]
        return [f'label {index} is "{name}"' for index, name in names if _is_another_number(name, index)]

    def _classes(self, values: np.ndarray) -> np.ndarray:
        flat = values.reshape(-1) if values.ndim == 0 or values.shape[1:] == (1,) else values
        self.check_form(flat.dtype, flat.shape)
        if not len(flat):
            raise InputError(f"Labels must be integers, one an image. Received: {flat.dtype} of shape {flat.shape}.")
        right = self.is_right(flat)
        if not right.all():
            from_one = 0 < flat.min() <= flat.max() == self.size
            remedy = " They are counted from 0: give labels - 1." if from_one else ""
            raise InputError(f"Labels {self.said}. Received: {flat[~right][0]}.{remedy}")
        return flat.astype(np.int32)

    def _attributes(self, values: np.ndarray) -> np.ndarray:
        rows = values.reshape(1, -1) if values.ndim == 1 else values
        if rows.shape[1:] == (self.size,) and len(rows) and self.is_right(rows).all():
            return rows.astype(np.float32)
        remedy = ""
        if rows.shape[1:] == (self.size,) and np.isin(rows, (-1, 1)).all():
            remedy = " Of -1 and 1 give (labels + 1) // 2."
        elif values.ndim < 2 and values.dtype.kind in "iu":
            remedy = f" For attribute k alone give np.eye({self.size})[[k]]."
        raise InputError(
            f"Labels must be rows of {self.size} zeros and ones, one row an image. "
            f"Received: shape {values.shape} with values {np.unique(values)[:5].tolist()}.{remedy}"
        )

    def _of_names(self, labels: Any, values: np.ndarray) -> np.ndarray:
        texts = values.ravel().tolist()
        of_text = bool(texts) and all(isinstance(text, str) for text in texts)
        if self.names and isinstance(labels, str):
            return self.parse(labels)
        if self.names and of_text and (values.ndim == 1 or values.shape[1:] == (1,)):
            return self._read(texts)
        remedy = f" {NUMBER_NAMES}" if self.kind == "classes" else ""
        raise InputError(f"Labels must be numbers. Received: {str(labels)[:80]!r} of shape {values.shape}.{remedy}")

    def _read(self, parts: Sequence[str]) -> np.ndarray:
        if self.kind == "classes":
            return np.array([self._class(part.strip()) for part in parts], np.int32)
        return np.array([self._row(part.strip()) for part in parts], np.float32)

    def _class(self, part: str) -> int:
        if part.isdecimal():
            index = int(part) if len(part) <= 20 else self.size  # Python refuses numbers of thousands of digits
            if index < self.size:
                return index
            namesakes = [f'; "{name}" is label {index}' for index, name in enumerate(self.names) if name == part]
            raise InputError(f"Labels must be in 0..{self.size - 1}. Received: {part[:40]}{''.join(namesakes)}.")
        if not part or not self.names:
            known = "names or numbers" if self.names else "numbers"
            raise InputError(f"Labels are {known}, separated by commas. Received: {part[:40]!r}.")
        return self._index(part, "class")

    def _row(self, part: str) -> list[float]:
        if len(part) == self.size and set(part) <= {"0", "1"}:
            return [float(digit) for digit in part]
        names = [name.strip() for name in part.split("+")]
        if not self.names or any(not name or name.isdecimal() for name in names):
            or_names = ", or names joined by +" if self.names else ""
            raise InputError(
                f"A label has one digit, 0 or 1, for each of the {self.size} attributes{or_names}, such as "
                f"{'01' * (self.size // 2) + '0' * (self.size % 2)}. Received: {part[:80]!r}."
            )
        chosen = {self._index(name, "attribute") for name in names}
        return [float(index in chosen) for index in range(self.size)]

    def _index(self, part: str, kind: str) -> int:
        found = [index for index, name in enumerate(self.names) if name == part]
        found = found or [index for index, name in enumerate(self.names) if _key(name) == _key(part)]
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(
                f"{part!r} is the name of several: {kind} {' and '.join(map(str, found))}. Give the one by its digits."
            )
        raise unknown_choice(kind, part[:80], map(printable, self.names))

    def _finds(self, index: int, own: np.ndarray) -> bool:
        """Whether the command line can name a label."""
        try:
            return np.array_equal(self.parse(name_of(index, self.names)), own[np.newaxis])
        except InputError:
            return False


def spelled(label: np.ndarray) -> str:
    """A label as the command line takes it.

    >>> spelled(np.int32(3)), spelled(np.array([0.0, 1.0, 1.0, 0.0]))
    ('3', '0110')
    """
    return str(label) if np.ndim(label) == 0 else "".join(str(int(value)) for value in label)


def name_of(index: int, names: Sequence[str]) -> str:
    """The name of a class or an attribute; its index where it has none."""
    return names[index] if index < len(names) else str(index)


def indices_of(label: np.ndarray) -> list[int]:
    """The class, or the attributes, that a label names.

    >>> indices_of(np.int32(3)), indices_of(np.array([0.0, 1.0, 1.0, 0.0]))
    ([3], [1, 2])
    """
    return [int(label)] if np.ndim(label) == 0 else np.flatnonzero(label).tolist()


def classes_of(labels: np.ndarray | None) -> np.ndarray | None:
    """Labels where they are classes, int32 (N,); attributes are no classes."""
    return labels.astype(np.int32) if labels is not None and labels.ndim == 1 else None


def titles(labels: Iterable[np.ndarray], names: Sequence[str]) -> list[tuple[str, str]]:
    """The name and the index of each label, as a grid shows them; nothing where there are no names.

    >>> titles(np.array([1]), ["ship", "cat"]), titles(np.array([[1, 0, 1], [0, 0, 0]]), ["hat", "beard", "smile"])
    ([('cat', '1')], [('hat+smile', '0+2'), ('none', 'none')])
    """
    if not names:
        return []
    rows = [indices_of(label) for label in labels]
    return [
        ("+".join(name_of(index, names) for index in row) or "none", "+".join(map(str, row)) or "none") for row in rows
    ]


def _key(name: str) -> str:
    """What is left of a name without case, blanks around it, and the ways to write an accent."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _is_another_number(name: str, index: int) -> bool:
    return name.isdecimal() and (name.lstrip("0") or "0") != str(index)
