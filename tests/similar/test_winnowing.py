"""Fingerprints, as in the paper."""

import random

from course_lib.similar.winnowing import grams, winnow

PAPER = [77, 74, 42, 17, 98, 50, 17, 98, 8, 88, 67, 39, 77, 74, 42, 17, 98]  # its figure 2
LENGTH, WINDOW = 3, 4


def test_the_example_of_the_paper() -> None:
    assert [(PAPER[place], place) for place in winnow(PAPER, 4)] == [(17, 3), (17, 6), (8, 8), (39, 11), (17, 15)]


def test_known_hashes_are_never_chosen() -> None:
    assert [PAPER[place] for place in winnow(PAPER, 4, {17, 8})] == [42, 50, 88, 67, 39, 42]
    assert winnow(PAPER, 4, set(PAPER)) == []


def test_a_text_shorter_than_a_window_has_one_fingerprint() -> None:
    assert winnow([5, 3, 4], 4) == [1]
    assert winnow([], 4) == []


def test_equal_runs_have_equal_hashes() -> None:
    hashes = grams(["a", "b", "a", "b"], 2)
    assert hashes[0] == hashes[2] != hashes[1]
    assert grams(["a"], 2) == []


def test_what_is_shared_and_long_enough_is_found() -> None:
    rng = random.Random(0)
    for _ in range(500):
        before, after, front, back, said = (rng.choices("abc", k=rng.randrange(15)) for _ in range(5))
        shared = rng.choices("abcde", k=LENGTH + WINDOW - 1)
        known = set(grams(said, LENGTH))
        chosen = []
        for text in (before + shared + after, front + shared + back):
            hashes = grams(text, LENGTH)
            chosen.append({hashes[place] for place in winnow(hashes, WINDOW, known)})
        assert set(grams(shared, LENGTH)) <= known or chosen[0] & chosen[1]
        assert not (chosen[0] | chosen[1]) & known
