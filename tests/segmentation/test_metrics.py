from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from course_lib.segmentation import (
    confusion_matrix,
    frequency_weighted_iou,
    mean_accuracy,
    mean_iou,
    pixel_accuracy,
)

SCORES = [pixel_accuracy, mean_accuracy, mean_iou, frequency_weighted_iou]

# A class a row: pixels by prediction. Class 2 does not occur in truth, class 3 nowhere.
MATRIX = np.array([[3, 1, 0, 0], [0, 2, 2, 0], [0, 0, 0, 0], [0, 0, 0, 0]])


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (pixel_accuracy, 5 / 8),
        (mean_accuracy, (3 / 4 + 2 / 4) / 2),
        (mean_iou, (3 / 4 + 2 / 5 + 0 / 2) / 3),
        (frequency_weighted_iou, (4 * 3 / 4 + 4 * 2 / 5) / 8),
    ],
)
def test_worked_by_hand(score: Callable[[Any], float], expected: float) -> None:
    assert score(MATRIX) == pytest.approx(expected, rel=1e-12)


def test_matrix_worked_by_hand() -> None:
    labels = [[0, 0, 1], [1, 2, 255]]
    predictions = [[0, 1, 1], [2, 2, 0]]
    got = confusion_matrix(labels, predictions, 3)
    assert got.dtype == np.int64
    np.testing.assert_array_equal(got, [[1, 1, 0], [0, 1, 1], [0, 0, 1]])


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_against_scikit_learn(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 5)))
    labels = data.draw(arrays.arrays(np.uint8, shape, elements=st.integers(0, 4)))
    predictions = data.draw(arrays.arrays(np.int32, shape, elements=st.integers(0, 4)))
    truth, guess = labels.ravel(), predictions.ravel()
    matrix = confusion_matrix(labels, predictions, 5)
    np.testing.assert_array_equal(matrix, sklearn.metrics.confusion_matrix(truth, guess, labels=range(5)))
    assert pixel_accuracy(matrix) == pytest.approx(sklearn.metrics.accuracy_score(truth, guess))
    recall = sklearn.metrics.recall_score(truth, guess, labels=np.unique(truth), average="macro", zero_division=0)
    assert mean_accuracy(matrix) == pytest.approx(recall)
    for score, average in ((mean_iou, "macro"), (frequency_weighted_iou, "weighted")):
        expected = sklearn.metrics.jaccard_score(truth, guess, average=average, zero_division=0)
        assert score(matrix) == pytest.approx(expected)


@given(arrays.arrays(np.int64, (4, 4), elements=st.integers(0, 9)).filter(np.any), st.permutations(range(4)))
def test_names_of_the_classes_do_not_matter(matrix: Any, order: list[int]) -> None:
    for score in SCORES:
        assert score(matrix[np.ix_(order, order)]) == pytest.approx(score(matrix))
        assert score(np.pad(matrix, (0, 2))) == pytest.approx(score(matrix))  # classes that occur nowhere
        assert 0 <= score(matrix) <= 1


@pytest.mark.parametrize("score", SCORES)
def test_perfect_and_all_wrong(score: Callable[[Any], float]) -> None:
    assert score(np.diag([3, 0, 1])) == 1
    assert score([[0, 3], [1, 0]]) == 0


@pytest.mark.parametrize("ignore", [-1, 1, 255])
def test_ignored_pixels_do_not_count(ignore: int) -> None:
    labels, predictions = np.array([0, 2, ignore, 2, ignore]), np.array([0, 2, 1, 1, 0])
    kept = labels != ignore
    expected = confusion_matrix(labels[kept], predictions[kept], 3, ignore=None)
    np.testing.assert_array_equal(confusion_matrix(labels, predictions, 3, ignore), expected)
    assert expected.sum() == 3


def test_matrices_of_parts_add_up() -> None:
    random = np.random.default_rng(0)
    labels, predictions = random.integers(0, 300, (2, 6, 50, 50))  # beyond a byte; 255 is a class here
    parts = sum(confusion_matrix(a, b, 300, ignore=None) for a, b in zip(labels, predictions, strict=True))
    np.testing.assert_array_equal(parts, confusion_matrix(labels, predictions, 300, ignore=None))
    assert np.sum(parts) == labels.size


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([0, 3], [0, 1], 3), r"expected labels in \[0, 3\) or 255, got labels from 0 to 3"),
        (([0, -1], [0, 1], 3), r"expected labels in \[0, 3\) or 255, got labels from -1 to 0"),
        (([0, 255], [0, 1], 3, None), r"expected labels in \[0, 3\), got labels from 0 to 255"),
        (([0, 1], [0, 3], 3), r"expected predictions in \[0, 3\), got predictions from 0 to 3"),
        (([0, 255], [0, 255], 3), r"expected predictions in \[0, 3\), got predictions from 0 to 255"),
        (([0, 1], [[0, 1]], 3), r"expected a prediction for each label, got shapes \(1, 2\) and \(2,\)"),
        (([0.0, 1.0], [0, 1], 3), "expected labels as integers, got float64"),
        (([0, 1], [False, True], 3), "expected predictions as integers, got bool"),
        (([0, 1], [0, 1], 0), "expected a whole number of classes of 1 or more, got 0"),
        (([0, 1], [0, 1], 2, 1.5), "expected a whole number to ignore, or None, got 1.5"),
    ],
)
def test_wrong_arguments(arguments: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        confusion_matrix(*arguments)


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (
            np.zeros((3, 3), int),
            "expected a confusion matrix with at least one pixel, got only zeros: no pixel counted",
        ),
        (np.zeros((0, 0), int), "expected a confusion matrix with at least one pixel"),
        (np.ones((2, 3), int), r"expected a confusion matrix of shape \(classes, classes\), got \(2, 3\)"),
        (np.ones(4, int), r"expected a confusion matrix of shape \(classes, classes\), got \(4,\)"),
        ([[1, -1], [0, 1]], "expected a confusion matrix of counts of 0 or more, got -1 among them"),
        ([["1"]], "expected a confusion matrix of counts, got <U1"),
    ],
)
def test_wrong_matrices(score: Callable[[Any], float], matrix: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        score(matrix)
