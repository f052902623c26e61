"""The usual slips are named, right answers are accepted, and messages about wrong ones are never false."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from course_lib.checks import CheckFailed, Result

pytestmark = pytest.mark.slow

Array = NDArray[Any]

RNG = np.random.default_rng(0)
PICTURE = RNG.random((12, 9, 3))
SQUARE = RNG.random((8, 8))
BATCH = RNG.random((4, 8, 9, 2))
SMOOTH = np.add.outer(np.sin(np.linspace(0, 4, 24)), np.cos(np.linspace(1, 6, 30)))


def told(got: object, expected: object, **options: Any) -> str:
    """The message about values that must not pass."""
    with pytest.raises(CheckFailed) as failed:
        Result(got, "f(x)").equals(expected, **options)  # type: ignore[arg-type]
    return failed.value.message


def cause(message: str) -> str:
    """The likely cause in a message; empty if it names none."""
    return message.partition("  likely cause: ")[2]


def with_border(array: Array, width: int) -> Array:
    """Other values at the border, as zeros from outside would give."""
    result = np.zeros_like(array)
    inner = (slice(width, -width), slice(width, -width))
    result[inner] = array[inner]
    return result


def late(array: Array, axis: int) -> Array:
    """Each value the mean of itself and the one before; the first stays."""
    moved = np.moveaxis(array.copy(), axis, 0)
    moved[1:] = (moved[1:] + moved[:-1]) / 2
    return np.moveaxis(moved, 0, axis)


def pushed(array: Array, axis: int, step: int) -> Array:
    """Each value one place on, and zeros where nothing comes from."""
    moved = np.roll(array, step, axis)
    gap: list[Any] = [slice(None)] * array.ndim
    gap[axis] = 0 if step > 0 else -1
    moved[tuple(gap)] = 0
    return moved


VALUES: dict[str, tuple[Array, Array, str]] = {
    "255 times too large": (255 * PICTURE, PICTURE, "it is 255 times too large: the values were not scaled to 0–1"),
    "255 times too small": (PICTURE / 255, PICTURE, "it is 255 times too small: the values were scaled to 0–1 once"),
    "bytes": ((255 * PICTURE).astype(np.uint8), PICTURE, "it is 255 times too large, and rounded"),
    "swapped channels": (PICTURE[..., ::-1], PICTURE, "the channels are in reverse order (such as BGR for RGB)"),
    "transposed": (SQUARE.T, SQUARE, "rows and columns are transposed"),
    "transposed kernel": (
        SQUARE.reshape(8, 2, 2, 2).swapaxes(2, 3),
        SQUARE.reshape(8, 2, 2, 2),
        "axes 2 and 3 are tra",
    ),
    "half a pixel late": (
        late(SMOOTH, 0),
        SMOOTH,
        "it looks shifted by half a pixel along axis 0 (half a pixel too late)",
    ),
    "half a pixel early": (
        late(SMOOTH[:, ::-1], 1)[:, ::-1],
        SMOOTH,
        "it looks shifted by half a pixel along axis 1 (half a pixel too early)",
    ),
    "half a pixel in a batch": (
        late(SMOOTH[None, ..., None], 2),
        SMOOTH[None, ..., None],
        "it looks shifted by half a pix",
    ),
    "rolled": (np.roll(SQUARE, 1, 0), SQUARE, "the values are shifted by one along axis 0 (off by one)"),
    "pushed on": (pushed(SQUARE, 1, 1), SQUARE, "the values are shifted by one along axis 1 (off by one)"),
    "pushed back": (pushed(PICTURE, 0, -1), PICTURE, "the values are shifted by one along axis 0 (off by one)"),
    "pushed in a batch": (pushed(BATCH, 2, 1), BATCH, "the values are shifted by one along axis 2 (off by one)"),
    "pushed signal": (pushed(SMOOTH[0], 0, 1), SMOOTH[0], "the values are shifted by one (off by one): each comes one"),
    "sign": (-SQUARE, SQUARE, "the sign is wrong everywhere"),
    "factor": (4 * SQUARE, SQUARE, "every value is 4 times what it should be"),
    "offset": (SQUARE + 0.5, SQUARE, "every value is 0.5 too large"),
    "offset below": (SQUARE - 128, SQUARE, "every value is 128 too small"),
    "truncated": (np.trunc(5 * SQUARE), 5 * SQUARE, "the decimals are lost: an integer type or a rounding"),
    "rounded": (np.round(5 * SQUARE), 5 * SQUARE, "the decimals are lost: an integer type or a rounding"),
    "two decimals": (np.round(SQUARE, 2), SQUARE, "the values are rounded to 2 decimals"),
    "whole numbers": (SQUARE.astype(int), SQUARE, "the decimals are lost: the result has an integer type (int64)"),
    "zeros": (np.zeros_like(SQUARE), SQUARE, "every value is 0"),
    "border": (with_border(PICTURE, 1), PICTURE, "only the border of the picture differs, 1 pixel wide: what lies"),
    "wide border": (with_border(SMOOTH, 6), SMOOTH, "only the border of the picture differs, 6 pixels wide: what"),
    "border in a batch": (
        with_border(PICTURE, 1)[None],
        PICTURE[None],
        "only the border of the picture differs, 1 pixel wide: what lies",
    ),
    "flipped": (PICTURE[::-1], PICTURE, "the values are flipped along axis 0"),
    "flipped in a batch": (BATCH[:, :, ::-1], BATCH, "the values are flipped along axis 2"),
    "flipped signal": (SQUARE[0, ::-1], SQUARE[0], "the order of the values is flipped"),
    "flipped kernel": (SQUARE[::-1, ::-1], SQUARE, "the values are flipped along both axes (turned by 180 degrees)"),
    "third": (SQUARE / 3, SQUARE, "every value is 0.3333 times what it should be: divided by 3 once too often"),
    "clipped": (np.clip(3 * SQUARE - 1, 0, 1), 3 * SQUARE - 1, "the values are clipped to 0 and 1"),
    "clipped around 0": (np.clip(4 * SQUARE - 2, -1, 1), 4 * SQUARE - 2, "the values are clipped to -1 and 1"),
    "nothing below 0": (np.maximum(SQUARE - 0.5, 0), SQUARE - 0.5, "the negative values have become 0"),
    "no signs": (np.abs(SQUARE - 0.5), SQUARE - 0.5, "the negative values have lost their sign"),
    "reshaped": (PICTURE.transpose(2, 0, 1).reshape(12, 9, 3), PICTURE, "the values are right, but in another order"),
}


ONLY_IN_PICTURES = [
    name for name in VALUES if "half a pixel" in name or "border" in name
]  # a test must say that it is one


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("dtype", [float, np.float32], ids=["double", "single"])
def test_a_slip_in_the_values_is_named(name: str, dtype: type) -> None:
    got, expected, words = VALUES[name]
    shown = got if got.dtype.kind in "iu" else got.astype(dtype)
    assert cause(told(shown, expected, image=name in ONLY_IN_PICTURES)).startswith(words)


@pytest.mark.parametrize("name", ONLY_IN_PICTURES)
def test_a_table_has_no_border_and_no_pixels(name: str) -> None:
    got, expected, _ = VALUES[name]
    assert cause(told(got, expected)) == ""


def test_colors_and_curves_have_no_border() -> None:
    colors = RNG.random((25, 3))
    wrong = colors.copy()
    wrong[[0, -1]] = 0
    assert cause(told(wrong, colors)) == ""
    curves = RNG.random((7, 9, 11))  # seven tables of curves
    wrong = with_border(curves, 1)
    assert cause(told(wrong, curves)) == ""


@pytest.mark.parametrize(
    ("got", "expected", "words"),
    [
        (np.array([300, -5, 7]).astype(np.uint8), [300.0, -5.0, 7.0], "numbers outside 0 to 255 wrapped around"),
        (SQUARE.astype(np.float16), SQUARE, "float16 keeps about three digits: use float32"),
        (np.array([np.inf, 2], np.float16), [1e5, 2.0], "float16 ends at 65504: use float32"),
        (SQUARE > 0.5, SQUARE, "the result has truth values instead of numbers (bool)"),
        (SQUARE + 1j, SQUARE, "the result has complex numbers (complex128)"),
        (np.zeros(3, int), [0.2, 0.7, 0.1], "the decimals are lost: the result has an integer type (int64)"),
    ],
)
def test_the_type_is_named_before_what_it_does_to_the_values(got: Array, expected: Any, words: str) -> None:
    assert cause(told(got, expected, slips={"the weights are all 0": np.zeros(3)})).startswith(words)


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        ([91.0, 92.0], [1.0, 2.0]),  # two values: any two differences may be equal
        ([1.5, 3.0], [1.0, 2.0]),
        ([2.0, 1.0], [1.0, 2.0]),
        ([510.0], [2.0]),
        ([[11.0, 12.0], [17.0, 18.0]], [[1.0, 2.0], [7.0, 8.0]]),  # a ramp: another place looks like a difference
    ],
)
def test_few_or_even_values_prove_nothing(got: Any, expected: Any) -> None:
    assert cause(told(got, expected)) == ""


SHAPES = {
    "no batch axis": ((4, 5, 3), (1, 4, 5, 3), "the batch axis is missing"),
    "a batch axis": ((1, 4, 5, 3), (4, 5, 3), "there is a batch axis too many"),
    "no channel axis": ((4, 5), (4, 5, 1), "the channel axis is missing"),
    "a channel axis": ((4, 5, 1), (4, 5), "there is a channel axis too many"),
    "a column of values": ((5, 1), (5,), "there is an axis of length 1 at the end too many"),
    "a row of values": ((1, 5), (5,), "there is an axis of length 1 in front too many"),
    "transposed": ((5, 4, 3), (4, 5, 3), "the axes are in another order: 0 and 1 have changed places (transposed)"),
    "channels first": (
        (3, 4, 5),
        (4, 5, 3),
        "the axes are in another order: the one of length 3 is axis 0, and must be 2",
    ),
    "planes first": ((3, 9, 9, 9), (9, 9, 9, 3), "the axes are in another order: the one of length 3 is axis 0, and"),
    "kernels last": ((3, 3, 4, 4), (4, 4, 3, 3), "the axes are in another order (transposed)"),
    "off by one": ((9, 8), (8, 8), "a size is off by one: one too many along axis 0"),
    "off by one twice": ((7, 7), (8, 8), "a size is off by one: one too few"),
    "one value too few": ((7,), (8,), "a size is off by one: one too few"),
    "opposite ways": ((7, 9), (8, 8), ""),
    "small sizes": ((1, 1), (1, 2), ""),
    "square": ((9, 9), (9, 15), "the result is square, and must not be: its height was used for the width, too"),
    "square pictures": (
        (2, 6, 6, 3),
        (2, 4, 6, 3),
        "the result is square, and must not be: its width was used for the",
    ),
    "empty": ((0, 0), (2, 2), "the result is empty, like a slice that ends at -0 or begins behind the last place"),
    "not summed": ((4, 5), (4,), "it has 2 axes instead of 1: axis 1, of length 5, is one too many; an index"),
    "labels": ((4, 6), (4, 6, 5), "it has 2 axes instead of 3: axis 2, of length 5, is missing; an index, a sum or"),
    "one row": ((4,), (5, 4), "it has 1 axis instead of 2: axis 0, of length 5, is missing"),
    "nothing known": ((4, 50), (4, 5), ""),
    "a number": ((), (4, 5), "it has 0 axes instead of 2"),
    "squeezed": (
        (),
        (1, 1),
        "it has 0 axes instead of 2: those of length 1 are missing; an index, a sum or a squeeze removes them",
    ),
}


@pytest.mark.parametrize(("got", "expected", "words"), SHAPES.values(), ids=SHAPES)
def test_a_slip_in_the_shape_is_named(got: tuple[int, ...], expected: tuple[int, ...], words: str) -> None:
    value = Result(np.zeros(got), "f(x)")
    checks: tuple[Callable[[], Result], ...] = (
        lambda: value.has_shape(*expected),
        lambda: value.equals(np.zeros(expected)),
    )
    for check in checks:
        with pytest.raises(CheckFailed) as failed:
            check()
        said = cause(failed.value.message)
        assert said.startswith(words)
        assert bool(said) == bool(words)
        assert f"expected:     shape {expected}\n  got:          " in failed.value.message


def test_which_of_two_equal_axes_is_gone_cannot_be_told() -> None:
    for got, expected, words in (((4,), (4, 4), "1 axis instead of 2"), ((4, 4), (4,), "2 axes instead of 1")):
        with pytest.raises(CheckFailed) as failed:
            Result(np.zeros(got), "f(x)").has_shape(*expected)
        assert cause(failed.value.message) == f"it has {words}"


def test_a_tuple_has_no_axes_in_another_order() -> None:
    halves = (np.zeros(3), np.zeros(3))
    with pytest.raises(CheckFailed) as failed:
        Result(halves, "f(x)").has_shape(3, 2)
    assert cause(failed.value.message) == ""
    with pytest.raises(CheckFailed) as failed:
        Result(halves, "f(x)").has_shape(3)
    assert cause(failed.value.message) == "it is a tuple of 2 results instead of one"
    with pytest.raises(CheckFailed) as failed:
        Result([0.5], "f(x)").has_shape()
    assert cause(failed.value.message) == "it is a list with the result in it, and not the result itself"


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (np.array([[1, np.nan], [np.inf, 4]]), "2 values are NaN or infinite, the first at [0, 1]: a division by 0?"),
        (np.array([[1, 2], [3, -np.inf]]), "1 value is infinite, at [1, 1]: a division by 0?"),
    ],
)
def test_what_is_no_number_is_found(got: Array, words: str) -> None:
    assert cause(told(got, [[1.0, 2.0], [3.0, 4.0]])) == words
    assert (
        cause(told(np.nan, 1.0))
        == "it is NaN: 0 / 0, a root or logarithm of a negative number, or a place of `np.empty` that was never set?"
    )


def test_nan_may_be_what_is_expected() -> None:
    Result(np.array([1.0, np.nan]), "f(x)").equals([1.0, np.nan])
    assert cause(told([1.0, 2.0], [1.0, np.nan])) == ""
    assert cause(told([np.nan, np.nan], [1.0, np.nan])).startswith("1 value is NaN, at [0]")


def test_the_type_is_named() -> None:
    with pytest.raises(CheckFailed, match=r"expected:     dtype float32\n  got:          dtype float64") as failed:
        Result(SQUARE, "f(x)").has_dtype("float32")
    assert cause(failed.value.message) == "the result was not converted to float32"
    assert Result(SQUARE.astype(np.float32), "f(x)").has_dtype("float32").array.dtype == np.float32


def test_slips_of_an_exercise_come_first_and_need_their_shape() -> None:
    slips = {"another shape": [1.0], "known here": -SQUARE, "never reached": -SQUARE}
    assert cause(told(-SQUARE, SQUARE, slips=slips)) == "known here"
    assert cause(told(SQUARE.T, SQUARE, slips=slips)) == "rows and columns are transposed"
    assert cause(told([np.inf], [1.0], slips={"a division by 0": [np.inf]})) == "a division by 0"


def test_a_reason_is_given_where_no_slip_is_known() -> None:
    other = np.random.default_rng(1).random((8, 8))
    assert told(other, SQUARE, because="of symmetry").endswith("\n  why:          of symmetry")
    assert "symmetry" not in told(-SQUARE, SQUARE, because="of symmetry")


SIDES = hnp.array_shapes(min_dims=0, max_dims=4, max_side=6)


def arrays(shape: tuple[int, ...], dtype: str) -> Array:
    """Numbers that follow from shape and type; no two of them alike."""
    numbers = 10 * np.random.default_rng(len(shape)).permutation(int(np.prod(shape))).reshape(shape) + 3
    return np.asarray(numbers % 2 if dtype == "bool" else numbers).astype(dtype)


@given(SIDES, st.sampled_from(["float32", "float64", "int64", "int32", "bool", "complex64"]), st.booleans())
def test_right_answers_are_accepted(shape: tuple[int, ...], dtype: str, as_list: bool) -> None:
    expected = arrays(shape, dtype)
    got = Result(expected.tolist() if as_list else expected.copy(), "f(x)")
    assert got.has_shape(*shape).equals(expected) is got
    got.equals(expected * (1 + 5e-6))
    if not as_list:
        got.has_dtype(dtype)


@given(hnp.array_shapes(max_dims=4, max_side=6), st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3))
@example((5, 5), 0, 1.0)
@example((4, 4, 3), 0, 1.0)
def test_unrelated_values_are_told_no_slip(shape: tuple[int, ...], seed: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    got, expected = size * rng.normal(size=shape), rng.normal(size=shape)
    if got.size >= 3:  # fewer numbers may well be so by chance
        assert cause(told(got, expected)) == ""


@given(st.sampled_from([(12,), (6, 7), (5, 6, 3), (2, 6, 6, 2)]), st.integers(0, 2**32 - 1), st.data())
def test_one_wrong_value_is_no_slip(shape: tuple[int, ...], seed: int, data: st.DataObject) -> None:
    expected = np.random.default_rng(seed).normal(size=shape)
    got = expected.copy()
    place = tuple(data.draw(st.integers(1 if side > 4 else 0, side - (2 if side > 4 else 1))) for side in shape)
    got[place] += 1000
    assert cause(told(got, expected)) == ""
    assert f"largest difference at [{', '.join(map(str, place))}]" in told(got, expected)


@pytest.mark.parametrize("corner", [0, -1])
def test_one_wrong_value_at_an_end_is_no_shift(corner: int) -> None:
    got = SMOOTH[0].copy()
    got[corner] += 1000
    assert cause(told(got, SMOOTH[0])) == ""


def test_labels_of_few_classes_are_no_shift() -> None:
    expected = np.array([[2, 2, 2, 2, 2, 2, 1, 1]] * 4)
    assert cause(told(np.array([[2, 2, 2, 2, 2, 2, 2, 1]] * 4), expected)) == ""


def test_one_wrong_row_of_equal_rows_is_no_shift() -> None:
    expected = np.tile(SQUARE[0], (4, 1))
    got = expected.copy()
    got[0] += SQUARE[1]
    assert cause(told(got, expected)) == ""


@pytest.mark.parametrize("got", [0.5, 1.0, 0.0, -3.0])
def test_a_single_number_is_told_little(got: float) -> None:
    assert cause(told(got, 0.64)) == ""
    assert cause(told(-0.64, 0.64)) == "the sign is wrong"
    assert cause(told(1, 0.64)).startswith("the decimals are lost: the result has an integer type")


def test_what_is_nearly_zero_was_not_rounded() -> None:
    assert cause(told([0.0, -4e-9], [0.6, -0.8])) == ""
    assert cause(told([0.0, -4e-9, 0.0, 1.0], [0.6, -0.8, 0.3, 1.2])).startswith("the decimals are lost")


def test_noise_around_zero_is_no_factor() -> None:
    noise = 1e-17 * SQUARE
    assert cause(told(np.random.default_rng(2).random((8, 8)), noise)) == ""
    assert cause(told(SQUARE, np.zeros_like(SQUARE))) == ""
