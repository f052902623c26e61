"""The slope of a function by central differences, with an estimate of its error.

A small step suffers from rounding, a large one from the curvature of the function, and which steps are small depends on
the function. So a sequence of steps is tried, from small to large. At first, the error of a slope comes from rounding,
and shrinks as steps grow. Steps grow as long as the slopes agree within this error, and the last slope that agrees is
used.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Slope", "slope"]

Floats = NDArray[np.float64]
ROUNDING = 4  # roundings in one value of a function, in units of the last place: a guess on the safe side
FAR = 1024  # times the extent
ALIKE = 1.5  # a smooth function's left and right slopes differ 2 or 8 times less at the next smaller step


@dataclass(frozen=True)
class Slope:
    """The slope at a point; ``error`` bounds that of ``value``; ``left`` and ``right`` are the slopes of both sides."""

    kind: Literal["smooth", "kink", "jump", "edge"]
    value: float
    error: float
    left: float
    right: float


def slope(values_at: Callable[[Any], Floats], x: Any, weights: Floats, extent: float, epsilon: float) -> Slope:
    """Compute the slope of the weighted sum of a function's values.

    Parameters
    ----------
    values_at : callable
        Takes a number of the type of ``x``; returns shape ``(M,)``, not finite where the function is not defined.
    x : NumPy scalar
        The point, of any type of floats.
    weights : ndarray
        Shape ``(M,)``.
    extent : float
        The order of magnitude of the function's largest input: steps go up to a fraction of it.
    epsilon : float
        Relative distance of neighboring numbers in the coarsest type of the computation.

    Returns
    -------
    Slope
        Of kind ``"kink"`` if the slopes of both sides differ at all small steps, ``"jump"`` if the values do, and
        ``"edge"`` if the function is defined on one side at most; otherwise ``"smooth"``.
    """
    here = values_at(x)
    sides = list(_both_sides(values_at, x, _steps(abs(float(x)), extent, epsilon)))
    if not sides:
        return Slope("edge", np.nan, np.inf, np.nan, np.nan)
    heights, depths, ups, downs = map(np.array, zip(*sides, strict=True))
    changes = (ups != here) | (downs != here)
    sizes = np.abs(weights) * np.maximum(np.abs(ups), np.abs(downs))
    far = [values_at(x.dtype.type(sign * FAR * extent)) for sign in (1, -1)]
    seen, anywhere = changes.any(axis=0), (far[0] != here) | (far[1] != here)
    # An output that changes only far away may be rounded so much that no change is visible here.
    noise = epsilon * sizes @ (ROUNDING * seen + (anywhere & ~seen))
    # Values of the order of 1 inside the function hide changes smaller than their last place.
    floor = ROUNDING * epsilon * max(1.0, float(np.abs(weights * here).max()))
    if not changes.any():
        return Slope("smooth", 0.0, floor / float(heights[-1]), 0.0, 0.0)
    kept = slice(int(changes.any(axis=1).argmax()), None)  # smaller steps are lost in rounding
    rises, falls = (ups - here) @ weights, (here - downs) @ weights
    return _judged(
        (falls / depths)[kept], (rises / heights)[kept], heights[kept], depths[kept], noise[kept], epsilon, floor
    )


def _both_sides(
    values_at: Callable[[Any], Floats], x: Any, steps: Floats
) -> Iterator[tuple[float, float, Floats, Floats]]:
    """Yield the steps up and down, as rounded, and the values there, while the function is defined."""
    for step in steps.astype(x.dtype):
        above, below = type(x)(x + step), type(x)(x - step)
        up, down = values_at(above), values_at(below)
        if not (np.isfinite(up).all() and np.isfinite(down).all()):
            return
        yield float(above) - float(x), float(x) - float(below), up, down


def _judged(
    left: Floats, right: Floats, heights: Floats, depths: Floats, noise: Floats, epsilon: float, floor: float
) -> Slope:
    """Tell a jump, a kink and a smooth function apart by the slopes of both sides at growing steps."""
    steps = (heights + depths) / 2
    rises = right * heights + left * depths
    central, gap = rises / (2 * steps), right - left

    if len(steps) > 2 and _alike(rises[:3]) and (np.abs(rises) > 10 * noise + 1000 * floor)[:3].all():
        return Slope("jump", float(central[0]), np.inf, float(left[0]), float(right[0]))

    unsteady = _unsteadiness(central, steps, floor)
    chosen, error = _agreed(central, steps, np.maximum(noise, unsteady))
    clear = np.flatnonzero(np.abs(gap) * steps > 6 * noise)
    clear = clear[clear <= chosen][:3]
    if len(clear) > 1 and clear[-1] - clear[0] == len(clear) - 1 and _alike(gap[clear]):
        return Slope("kink", float(central[chosen]), error, float(left[clear[0]]), float(right[clear[0]]))

    # At the smallest step, both sides of a smooth function differ only by rounding.
    rounded = max(unsteady, float(abs(gap[0]) * steps[0]))
    chosen, error = _agreed(central, steps, np.maximum(noise, rounded))
    if unsteady > noise[0] / np.sqrt(epsilon):
        error = np.inf  # the function is not resolved, or most digits are lost inside
    elif len(clear) == 1:  # a kink or a curve: one step cannot tell
        error = max(error, float(abs(gap[clear[0]])) / 2)
    value = float(central[chosen])
    return Slope("smooth", value, error, value, value)


def _steps(size: float, extent: float, epsilon: float) -> Floats:
    """List the steps, from a small part of the number to a part of the extent."""
    digits = round(-np.log2(epsilon))
    fine = digits > 20
    if size < extent * 2.0**-60:
        size = extent
    lowest = np.floor(np.log2(size)) - (min(digits - 3, 27) if fine else digits - 2)
    highest = np.floor(np.log2(extent)) - 2
    return 2.0 ** np.arange(lowest, highest + 1, 3 if fine else 1)


def _alike(values: Floats) -> bool:
    """Tell whether values have the same sign and about the same size."""
    sizes = np.abs(values)
    return bool(sizes.max() < ALIKE * sizes.min()) and len(set(np.sign(values))) == 1


def _unsteadiness(central: Floats, steps: Floats, floor: float) -> float:
    """Measure the noise at the smallest steps: there, smaller steps give larger differences between slopes."""
    apart = np.abs(np.diff(central))
    if not apart.any():
        return 0.0
    # Equal slopes before the first different one are those of a straight line, unless rounding explains the difference.
    first = int((apart > 0).argmax())
    if first and apart[first] * steps[first] > floor:
        return 0.0
    noise = 0.0
    for i in range(first, min(first + 3, len(apart))):
        if i > first and apart[i] > apart[i - 1]:
            break
        noise = max(noise, float(apart[i] * steps[i]))
    return noise


def _agreed(central: Floats, steps: Floats, noise: Floats) -> tuple[int, float]:
    """Find the largest step whose slope agrees with those of all smaller ones, and a bound of its error."""
    bounds = noise / steps
    least, most = -np.inf, np.inf
    chosen = 0
    for i, (value, bound) in enumerate(zip(central, bounds, strict=True)):
        least, most = max(least, value - bound), min(most, value + bound)
        if least > most:
            break
        chosen = i
    neighbor = chosen - 1 if chosen else min(1, len(central) - 1)
    return chosen, float(bounds[chosen] + abs(central[chosen] - central[neighbor]))
