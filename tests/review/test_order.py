"""The order of answers, made by hand: no gradebook is needed."""

import random
from dataclasses import replace

import pytest

from course_lib.review.answers import Answer, Exercise
from course_lib.review.order import code_of, ordered, slip_of

EXERCISE = Exercise("01_doubling", "double", question=False)
QUESTION = Exercise("01_doubling", "question_sign", question=True)
SIGN = "double(-7)\n  expected:     -14\n  got:          {}\n  likely cause: the sign is lost"


def answer(student: str, source: str = "", message: str = "", points: float = 0) -> Answer:
    return Answer(student, source, source, (("test_double", points),), message, "version")


def numbers_by_student(answers: list[Answer], exercise: Exercise = EXERCISE) -> list[str]:
    return [each.student for group in ordered(answers, exercise) for each in group.answers]


def test_the_same_slip_is_together_and_the_largest_group_comes_first() -> None:
    answers = [answer(f"right {number}", "r") for number in range(5)]
    answers += [answer("sign 1", "a", SIGN.format(14)), answer("sign 2", "b", SIGN.format(7))]
    answers += [answer("none", "n", "double returns None\nwhy"), *(answer(f"late {n}", "l", "late") for n in range(3))]
    groups = ordered(answers, EXERCISE)
    assert [(group.slip, len(group.answers)) for group in groups] == [
        ("late", 3),
        ("the sign is lost", 1),
        ("the sign is lost", 1),
        ("double returns None", 1),
        ("", 5),
    ]


def test_what_waits_for_a_person_comes_first() -> None:
    def words(student: str, points: float | None) -> Answer:
        said = "answered" if points is None else "not answered"
        return replace(answer(student, student, said), tests=(("question_sign", points),))

    answers = [words("empty 1", 0), words("empty 2", 0), words("full", None)]
    assert numbers_by_student(answers, QUESTION)[0] == "full"


@pytest.mark.parametrize(
    ("first", "second", "groups"),
    [
        (answer("a", "x"), answer("b", "x"), 1),
        (answer("a", "x"), answer("b", "y"), 2),
        (answer("a", "x", "one"), answer("b", "x", "two"), 2),
        (answer("a", "x", points=1), answer("b", "x", points=0.5), 2),
    ],
)
def test_only_the_same_text_with_the_same_result_is_one_group(first: Answer, second: Answer, groups: int) -> None:
    assert len(ordered([first, second], EXERCISE)) == groups


def test_similar_code_is_side_by_side() -> None:
    loops = "def double(x):\n    {0} = []\n    for {1} in x:\n        {0}.append(2 * {1})\n    return {0}"
    array = "def double({0}):\n    return 2 * np.asarray({0})"
    answers = [
        answer("array 1", array.format("x")),
        answer("loop 1", loops.format("out", "number")),
        answer("array 2", array.format("values")),
        answer("loop 2", loops.format("result", "value") + "\n"),
        answer("loop 3", loops.format("doubled", "each")),
        answer("array 3", array.format("x") + "  # twice"),
    ]
    kinds = [student.split()[0] for student in numbers_by_student(answers)]
    assert kinds in (["array"] * 3 + ["loop"] * 3, ["loop"] * 3 + ["array"] * 3)


def test_similar_words_are_side_by_side() -> None:
    sides = [
        "Both lie on one side of zero.",
        "Both numbers lie on the same side of zero!",
        "They lie on a side of zero",
    ]
    powers = ["A factor of two is positive", "because the factor is positive", "The factor two: positive."]
    answers = [answer(text, text) for pair in zip(sides, powers, strict=True) for text in pair]
    kinds = ["zero" in text for text in numbers_by_student(answers, QUESTION)]
    assert kinds in ([True] * 3 + [False] * 3, [False] * 3 + [True] * 3)


@pytest.mark.parametrize("source", ["", "?", "\ud800"])
def test_any_text_has_a_place(source: str) -> None:
    answers = [answer("odd", source), answer("a", "return x"), answer("b", "return 2 * x"), answer("c", "pass")]
    for exercise in (EXERCISE, QUESTION):
        assert sorted(numbers_by_student(answers, exercise)) == ["a", "b", "c", "odd"]


def test_the_order_is_the_same_each_time_and_does_not_follow_names() -> None:
    answers = [answer(f"student {number:02}", "same") for number in range(40)]
    found = numbers_by_student(answers)
    shuffled = random.Random(0).sample(answers, len(answers))
    assert numbers_by_student(shuffled) == found
    assert found != sorted(found)
    assert numbers_by_student(answers, QUESTION) != found  # so nobody is always the last
    assert sorted(found) == sorted(each.student for each in answers)


def test_names_that_a_learner_chose_do_not_count() -> None:
    assert code_of("for k in x:\n    # slow\n    out.append(f(k)[0])") == code_of(
        "for i in y:\n    res.append(f(i)[0])"
    )
    assert code_of("np.abs(x)") != code_of("np.sum(x)")
    assert code_of("return x") != code_of("yield x")
    assert code_of("// half\nfloat k = x;") == code_of("float sum = y;")


def test_a_cause_may_take_several_lines() -> None:
    cause = "  likely cause: the sign\n                is lost\n  see:          above"
    assert slip_of(f"double(2)\n{cause}") == "the sign is lost"
    assert slip_of("KeyError: 3\n  more") == "KeyError: 3"
    assert slip_of("") == ""
