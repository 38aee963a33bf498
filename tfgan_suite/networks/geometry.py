"""Sizes of feature maps, so that networks of strided convolutions reach any image shape."""

from tfgan_suite.errors import InputError

ImageShape = tuple[int, int, int]
# Said to every layer that could take images another way, whatever a user's keras.json says.
DATA_FORMAT = "channels_last"


def check_image_shape(image_shape: ImageShape, name: str = "image_shape") -> ImageShape:
    """(height, width, channels) as a tuple of ints; errors call it by a name.

    Raises:
        InputError: not three numbers, a side below 4 pixels, or no channel.
    """
    shape = tuple(image_shape)
    if len(shape) != 3 or None in shape or min(shape[:2]) < 4 or shape[2] < 1:
        raise InputError(
            f"{name} must be (height, width, channels) with sides of at least 4 pixels, such as (28, 28, 1). "
            f"Received: {image_shape}."
        )
    return int(shape[0]), int(shape[1]), int(shape[2])


def check_positive(**sizes: int) -> None:
    """Refuses sizes that are not positive.

    Raises:
        InputError: naming the argument.
    """
    for name, size in sizes.items():
        if size < 1:
            raise InputError(f"{name} must be at least 1. Received: {size}.")


def num_doublings(image_shape: ImageShape) -> int:
    """How often a map of about 4 pixels is doubled to reach the shorter side.

    >>> [num_doublings((side, side, 1)) for side in (64, 32, 28)]
    [4, 3, 3]
    """
    shorter = min(image_shape[:2])
    doublings = 1
    while 4 * 2**doublings < shorter:
        doublings += 1
    return doublings


def base_grid(image_shape: ImageShape, doublings: int) -> tuple[int, int]:
    """Height and width of the smallest map, rounded up.

    >>> base_grid((48, 65, 3), doublings=2)
    (12, 17)
    """
    step = 2**doublings
    return -(-image_shape[0] // step), -(-image_shape[1] // step)


def surplus(image_shape: ImageShape, doublings: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows and columns to crop after the last doubling, as ((top, bottom), (left, right)).

    >>> surplus((48, 65, 3), doublings=2)
    ((0, 0), (1, 2))
    """
    sides = []
    for wanted, base in zip(image_shape[:2], base_grid(image_shape, doublings), strict=True):
        extra = base * 2**doublings - wanted
        sides.append((extra // 2, extra - extra // 2))
    return sides[0], sides[1]
