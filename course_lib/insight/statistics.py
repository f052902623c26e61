"""How hard an exercise is, and how well it separates learners."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np

FEWEST = 4  # learners: with fewer, a correlation has no confidence interval
DEVIATIONS = NormalDist().inv_cdf(0.975)  # on each side of 95 % of a normal distribution
Points = Mapping[str, tuple[float, float]]  # earned and possible, by exercise


@dataclass(frozen=True)
class ItemStatistics:
    """The statistics of one exercise.

    Attributes
    ----------
    learners : int
        The number of learners whose points in it are decided; the shares are theirs.
    difficulty : float or None
        The mean share of its points, in [0, 1]: the lower, the harder. None without points.
    full : float or None
        The share of learners with full marks.
    untouched : float or None
        The share of learners who left the answer as it was released.
    discrimination : float or None
        See `discrimination`, as the interval.
    interval : (float, float) or None
        The 95 % confidence interval of the discrimination.
    """

    learners: int
    difficulty: float | None
    full: float | None
    untouched: float | None
    discrimination: float | None
    interval: tuple[float, float] | None


def statistics(name: str, points: Sequence[Points], untouched: Sequence[bool]) -> ItemStatistics:
    """Compute the statistics of one exercise.

    Parameters
    ----------
    name : str
        The exercise.
    points : sequence of mapping
        The decided points of each learner: earned and possible, by exercise.
    untouched : sequence of bool
        For each learner, whether the answer is that of the release.
    """
    own = np.array([share(*each[name]) for each in points if name in each])
    found = discrimination(name, points)
    return ItemStatistics(
        len(own),
        float(own.mean()) if len(own) else None,
        float((own >= 1).mean()) if len(own) else None,
        float(np.mean(untouched)) if len(untouched) else None,
        found[0] if found else None,
        found[1] if found else None,
    )


def share(earned: float, possible: float) -> float:
    """Return the share of points, in [0, 1]: extra credit counts as full marks."""
    return min(max(earned / possible, 0.0), 1.0)


def discrimination(name: str, points: Sequence[Points]) -> tuple[float, tuple[float, float]] | None:
    """Correlate the points of an exercise with those of the rest of the unit.

    This is the corrected item-total correlation, and for an exercise without partial credit the point-biserial one: see
    Henrysson, "Correction of item-total correlations in item analysis", Psychometrika 28 (1963), 211–218. The exercise
    itself is left out of the total, as it would correlate with itself.

    Parameters
    ----------
    name, points
        As for `statistics`.

    Returns
    -------
    (float, (float, float)) or None
        Pearson's correlation and its 95 % confidence interval, by Fisher's transformation. None for fewer than four
        learners, or if all have the same points in the exercise or in the rest.
    """
    pairs = [(share(*each[name]), rest) for each in points if name in each and (rest := _rest(name, each)) is not None]
    if len(pairs) < FEWEST or (np.ptp(pairs, axis=0) < 1e-12).any():
        return None
    correlation = float(np.corrcoef(*np.transpose(pairs))[0, 1])
    with np.errstate(divide="ignore"):  # of a perfect correlation
        middle = np.arctanh(np.clip(correlation, -1, 1))
    margin = DEVIATIONS / sqrt(len(pairs) - 3)
    return correlation, (float(np.tanh(middle - margin)), float(np.tanh(middle + margin)))


def _rest(name: str, points: Points) -> float | None:
    """Return the share of points in the other exercises; None if there are no others."""
    others = [pair for other, pair in points.items() if other != name]
    possible = sum(most for _, most in others)
    return sum(earned for earned, _ in others) / possible if possible else None
