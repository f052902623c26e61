"""The usual slips in a shape."""

from itertools import permutations

Shape = tuple[int, ...]


def name_shape_slip(got: Shape, expected: Shape, kind: type = object) -> str:
    """Name the likely cause of a wrong shape; empty if none is known.

    Parameters
    ----------
    got, expected : tuple of int
        Two different shapes.
    kind : type
        Of the value. A list or tuple is stacked only to be compared: its axes cannot be in another order.
    """
    if len(got) == len(expected) + 1:
        return _one_too_many(got, expected, kind)
    if len(got) + 1 == len(expected):
        return _one_missing(got, expected)
    if len(got) != len(expected):
        squeezed = len(got) < len(expected) and got == _without(expected, 1)
        how = ": those of length 1 are missing; an index, a sum or a squeeze removes them" if squeezed else ""
        return f"it has {axes(len(got))} instead of {len(expected)}{how}"
    if 0 in got and 0 not in expected:
        return (
            ""
            if issubclass(kind, list | tuple)
            else "the result is empty, like a slice that ends at -0 or begins behind the last place"
        )
    return (
        ("" if issubclass(kind, list | tuple) else _another_order(got, expected))
        or _square(got, expected)
        or _off_by_one(got, expected)
    )


def axes(count: int) -> str:
    """Write a number of axes in words."""
    return f"{count} {'axis' if count == 1 else 'axes'}"


def _one_too_many(got: Shape, expected: Shape, kind: type) -> str:
    if issubclass(kind, list | tuple) and got[1:] == expected:
        if got[0] == 1:
            return f"it is a {kind.__name__} with the result in it, and not the result itself"
        return f"it is a {kind.__name__} of {got[0]} results instead of one"
    if got[0] == 1 and got[1:] == expected:
        return f"there is {'a batch axis' if len(expected) > 2 else 'an axis of length 1 in front'} too many"
    if got[-1] == 1 and got[:-1] == expected:
        return f"there is {'a channel axis' if len(expected) > 1 else 'an axis of length 1 at the end'} too many"
    extra = [axis for axis in range(len(got)) if got[:axis] + got[axis + 1 :] == expected]
    more = (
        f": axis {extra[-1]}, of length {got[extra[-1]]}, is one too many; an index, a sum or an argmax removes one"
        if len(extra) == 1
        else ""
    )
    return f"it has {axes(len(got))} instead of {len(expected)}{more}"


def _one_missing(got: Shape, expected: Shape) -> str:
    if (1, *got) == expected and len(got) > 2:
        return "the batch axis is missing"
    if (*got, 1) == expected and len(got) > 1:
        return "the channel axis is missing"
    lost = [axis for axis in range(len(expected)) if expected[:axis] + expected[axis + 1 :] == got]
    less = (
        f": axis {lost[-1]}, of length {expected[lost[-1]]}, is missing; an index, a sum or a squeeze removes one"
        if len(lost) == 1
        else ""
    )
    return f"it has {axes(len(got))} instead of {len(expected)}{less}"


def _another_order(got: Shape, expected: Shape) -> str:
    """Recognize axes in another order; equally long axes cannot be told apart."""
    if got not in permutations(expected):
        return ""
    text = "the axes are in another order"
    differ = [axis for axis in range(len(got)) if got[axis] != expected[axis]]
    swapped = "{}: {} and {} have changed places (transposed)".format(text, *differ) if len(differ) == 2 else ""
    if swapped and len({*expected}) == len(expected) and differ[1] - differ[0] == 1:
        return swapped
    for length in {*expected}:
        if got.count(length) == 1 and _without(got, length) == _without(expected, length):
            return (
                f"{text}: the one of length {length} is axis {got.index(length)}, and must be {expected.index(length)}"
            )
    return swapped or f"{text} (transposed)"


def _without(shape: Shape, length: int) -> Shape:
    return tuple(each for each in shape if each != length)


def _square(got: Shape, expected: Shape) -> str:
    """Recognize that one side of a picture was used for both."""
    height, width = (1, 2) if len(expected) == 4 else (0, 1)
    if len(expected) < 2 or expected[height] == expected[width] or got[height] != got[width]:
        return ""
    rest = [axis for axis in range(len(expected)) if got[axis] != expected[axis]]
    if rest not in ([height], [width]) or abs(expected[height] - expected[width]) < 2:
        return ""
    own, other = ("height", "width") if rest == [width] else ("width", "height")
    return f"the result is square, and must not be: its {own} was used for the {other}, too"


def _off_by_one(got: Shape, expected: Shape) -> str:
    """Recognize a size that is one too large or too small; for small sizes, that proves nothing."""
    differ = [axis for axis in range(len(got)) if got[axis] != expected[axis]]
    steps = {got[axis] - expected[axis] for axis in differ}
    if steps not in ({1}, {-1}) or min(expected[axis] for axis in differ) < 4:
        return ""
    where = "" if len(got) == 1 else f" along axis {differ[0]}" if len(differ) == 1 else ""
    return f"a size is off by one: one too {'many' if steps == {1} else 'few'}{where}"
