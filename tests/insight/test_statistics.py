"""Statistics of exercises, compared with numbers worked out by hand, with NumPy and with SciPy."""

from math import sqrt

import numpy as np
import pytest
from scipy.stats import pearsonr

from course_lib.insight.statistics import Points, discrimination, share, statistics

# Six learners, an exercise of 2 points and another of 4, worked out by hand.
OWN, REST = [0, 0, 1, 2, 2, 2], [0, 1, 1, 4, 3, 4]
CLASS: list[Points] = [{"own": (own, 2), "rest": (rest, 4)} for own, rest in zip(OWN, REST, strict=True)]


def test_by_hand() -> None:
    found = statistics("own", CLASS, [True, False, False, False, False, False])
    assert found.learners == 6
    assert found.untouched == pytest.approx(1 / 6)
    assert found.difficulty == pytest.approx(7 / 12)
    assert found.full == pytest.approx(1 / 2)
    # Σxy − n·x̄·ȳ = 23 − 7·13/6; Σx² − n·x̄² = 13 − 49/6; Σy² − n·ȳ² = 43 − 169/6.
    expected = (23 - 91 / 6) / sqrt((13 - 49 / 6) * (43 - 169 / 6))
    assert found.discrimination == pytest.approx(expected)
    assert found.interval == pytest.approx(pearsonr(OWN, REST).confidence_interval(0.95))


def test_the_exercise_is_not_in_its_own_total() -> None:
    random = np.random.default_rng(0)
    earned = random.integers(0, 2, (40, 5)).astype(float)
    points = [{f"e{place}": (value, 1.0) for place, value in enumerate(row)} for row in earned.tolist()]
    for place in range(5):
        found = discrimination(f"e{place}", points)
        assert found is not None
        expected = np.corrcoef(earned[:, place], np.delete(earned, place, axis=1).sum(axis=1))[0, 1]
        assert found[0] == pytest.approx(expected)


def test_point_biserial_without_partial_credit() -> None:
    own, rest = np.array([0, 1, 1, 0, 1]), np.array([1.0, 3, 4, 2, 2])
    points = [{"own": (o, 1.0), "rest": (r, 4.0)} for o, r in zip(own.tolist(), rest.tolist(), strict=True)]
    means = rest[own == 1].mean() - rest[own == 0].mean()
    expected = means / rest.std() * sqrt((own == 1).mean() * (own == 0).mean())
    found = discrimination("own", points)
    assert found is not None
    assert found[0] == pytest.approx(expected)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_perfect_correlation(sign: int) -> None:
    points = [{"own": (3.0 + sign * n, 9.0), "rest": (float(n), 6.0)} for n in range(-3, 4)]
    found = discrimination("own", points)
    assert found is not None
    assert (found[0], *found[1]) == pytest.approx((sign, sign, sign))


@pytest.mark.parametrize(
    "points",
    [
        [],
        CLASS[:3],
        [{"own": (1.0, 1.0), "rest": (float(n), 6.0)} for n in range(6)],
        [{"own": (float(n), 6.0), "rest": (1.0, 1.0)} for n in range(6)],
        [{"own": (float(n), 6.0)} for n in range(6)],
        [{"rest": (float(n), 6.0)} for n in range(6)],
    ],
)
def test_no_correlation(points: list[Points]) -> None:
    assert discrimination("own", points) is None


def test_undecided_points_are_left_out() -> None:
    undecided: list[Points] = [{"rest": (4.0, 4.0)}] * 3
    found = statistics("own", [*CLASS, *undecided], [False] * 9)
    assert found.learners == 6
    assert found.difficulty == pytest.approx(7 / 12)
    assert found.discrimination == pytest.approx(statistics("own", CLASS, [False] * 6).discrimination)


@pytest.mark.parametrize(("earned", "expected"), [(1, 0.5), (3, 1), (-1, 0)])
def test_a_share_is_one_at_most(earned: float, expected: float) -> None:
    assert share(earned, 2) == expected
