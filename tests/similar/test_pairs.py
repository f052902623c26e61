"""How alike two students' answers are."""

from collections.abc import Mapping

import pytest

from course_lib.similar.documents import CODE, PROSE, Document
from course_lib.similar.pairs import COMMON_AT_LEAST, Match, Pair, exercises_of, find_pairs
from course_lib.similar.passages import passages
from tests.support.similar_class import DISGUISED, LOOPS, WAYS, WORDS

NOTHING = {CODE: frozenset[int](), PROSE: frozenset[int]()}
STUB = "def double(x):\n    raise NotImplementedError"


def code(student: str, text: str, exercise: str = "double") -> Document:
    return Document.of(student, exercise, text, CODE, STUB)


def listed(*documents: Document, groups: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    pairs = find_pairs(exercises_of(documents, NOTHING), groups or {})
    return [pair.students for pair in pairs if pair.alike]


def test_a_disguised_copy_is_found_among_independent_answers() -> None:
    own = [code(f"student {number}", way) for number, way in enumerate(WAYS)]
    assert listed(*own) == []
    assert listed(*own, code("copier", DISGUISED)) == [("copier", "student 0")]


def test_an_untouched_line_does_not_count() -> None:
    assert [token.word for token in code("a", f"{STUB}\n    return 1").tokens] == ["return", "0"]


def test_a_short_answer_is_not_compared() -> None:
    (exercise,) = exercises_of([code(name, "def double(x):\n    return 2 * x") for name in "ab"], NOTHING)
    assert (exercise.short, exercise.compared) == (2, {})


def test_what_the_course_says_does_not_count() -> None:
    known = {**NOTHING, CODE: frozenset(CODE.hashes(LOOPS))}
    (exercise,) = exercises_of([code("a", LOOPS), code("b", LOOPS)], known)
    assert find_pairs([exercise], {}) == []
    assert set(exercise.fingerprints.values()) == {frozenset()}
    assert exercise.of_course == exercise.runs > 0


@pytest.mark.parametrize("more", [0, 1])
def test_what_many_have_does_not_count(more: int) -> None:
    documents = [code(f"{number}", LOOPS) for number in range(COMMON_AT_LEAST + more)]
    (exercise,) = exercises_of(documents, NOTHING)
    assert bool(exercise.of_class) == bool(more)
    assert len(find_pairs([exercise], {})) == (0 if more else COMMON_AT_LEAST * (COMMON_AT_LEAST - 1) // 2)


def test_a_group_is_not_compared_with_itself() -> None:
    three = [code(name, LOOPS) for name in "abc"]
    assert listed(*three, groups={"a": "1", "b": "1", "c": ""}) == [("a", "c"), ("b", "c")]
    assert listed(*three, groups={"a": "", "b": ""}) == [("a", "b"), ("a", "c"), ("b", "c")]


def test_exercises_are_compared_apart_and_added_up() -> None:
    words = [Document.of(name, "why", WORDS, PROSE) for name in "ab"]
    answers = [code("a", WAYS[0]), code("b", WAYS[1]), *words]
    (pair,) = find_pairs(exercises_of(answers, NOTHING), {})
    by_name = {match.exercise: match for match in pair.matches}
    assert by_name["double"].shared == 0 < by_name["double"].own
    assert by_name["why"].share == 1
    assert [match.exercise for match in pair.alike] == ["why"]
    assert pair.share == by_name["why"].own / (by_name["why"].own + by_name["double"].own)
    assert listed(code("a", LOOPS), code("b", LOOPS, exercise="halve")) == []


@pytest.mark.parametrize(
    ("shared", "own", "alike"), [(5, 10, True), (4, 4, False), (5, 11, False), (30, 30, True), (0, 0, False)]
)
def test_what_a_person_should_look_at(shared: int, own: int, alike: bool) -> None:
    assert Match("double", shared, own).alike == alike


def test_the_most_alike_come_first_whatever_the_order() -> None:
    documents = [code("c", LOOPS), code("b", DISGUISED), code("a", LOOPS), code("d", WAYS[1])]
    expected = [("a", "c"), ("a", "b"), ("b", "c")]
    assert listed(*documents) == listed(*reversed(documents)) == expected
    assert Pair(("a", "b"), (Match("x", 1, 2), Match("y", 2, 2))).share == 0.75


def test_passages_mark_what_is_shared() -> None:
    one, other = code("a", LOOPS), code("b", DISGUISED)
    (exercise,) = exercises_of([one, other], NOTHING)
    first, second = passages(one, other, exercise.shared("a", "b"))
    marked = [one.text[passage.start : passage.end] for passage in first]
    assert "for middle in range(1, len(x) - 1):" in marked[0]
    assert "print" not in "".join(other.text[passage.start : passage.end] for passage in second)
    assert {number for passage in second for number in passage.numbers} == {*range(1, len(first) + 1)}
    assert passages(one, other, ()) == ([], [])


def test_passages_that_were_moved_keep_their_numbers() -> None:
    lines = [
        "    a = np.add(x[1:], x[:-1], 3) ** 2 - 1\n",
        "    b = [tf.abs(each) for each in sorted(x) if each > 0]\n",
    ]
    between = "    for _ in x:\n        print('hello', sep='')\n", "    while x:\n        x.pop()\n        break\n"
    one, other = code("a", between[0].join(lines)), code("b", between[1].join(reversed(lines)))
    shared = frozenset(one.hashes) & frozenset(other.hashes)
    first, second = passages(one, other, shared)
    assert [passage.numbers for passage in first] == [(1,), (2,)]
    assert [passage.numbers for passage in second] == [(2,), (1,)]
    touching = code("c", "".join(lines))
    assert [passage.numbers for passage in passages(one, touching, shared)[1]] == [(1, 2)]
