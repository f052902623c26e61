"""Every way to break a rule is named, with its file and its cell, and nothing is written."""

import re
import shutil
import tempfile
from pathlib import Path

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from typer.testing import CliRunner

from course_lib.answers import bank_of
from course_lib.cli import app
from course_lib.course import Course
from course_lib.rules import exercises, problems
from tests.support.tiny_course import QUESTION
from tests.support.units import (
    BANK,
    CHECK,
    EXPLANATION,
    HIDDEN,
    RIGHT,
    SOLUTION,
    TITLE,
    code,
    graded,
    make_course,
    unit,
    write,
)

CPP = "%%cpp double\n// ### BEGIN SOLUTION\n// ### END SOLUTION\n"
SOLVED = "solution: true, grade: false"
TEST = "solution: false, grade: true, points: 1"
TEXT = r"solutions/01_bad/01_bad\.md: "
ANSWERS = r"solutions/01_bad/answers/double\.md:"

# What is wrong: the unit's text, and what is said of it.
BAD_TEXTS = {
    "two cells with one grade_id": (
        unit(graded("test_double", CHECK)),
        "cell 'test_double': a grade_id must be unique, 2 cells have this one",
    ),
    "no points": (
        unit(check=graded("test_double", CHECK, "solution: false, grade: true")),
        "cell 'test_double': nbgrader's metadata must be whole: nbgrader cell 'test_double' does not have points",
    ),
    "0 points": (
        unit(check=graded("test_double", CHECK, "solution: false, grade: true, points: 0")),
        "cell 'test_double': a test needs points above 0, found 0",
    ),
    "points below 0": (
        unit(check=graded("test_double", CHECK, "solution: false, grade: true, points: -1")),
        "cell 'test_double': .*-1 is less than the minimum of 0",
    ),
    "points in words": (
        unit(check=graded("test_double", CHECK, "solution: false, grade: true, points: one")),
        "cell 'test_double': .*'one' is not of type 'number'",
    ),
    "points without number": (
        unit(check=graded("test_double", CHECK, "solution: false, grade: true, points: .nan")),
        "cell 'test_double': a test needs points above 0, found nan",
    ),
    "other points in the message": (
        unit(check=graded("test_double", CHECK, "solution: false, grade: true, points: 3")),
        r"""cell 'test_double': a test ends with passed\("double", points=3\), found \[\('double', 1.0\)\]""",
    ),
    "another name in the message": (
        unit(check=graded("test_double", CHECK.replace('"double"', '"triple"'))),
        r"""cell 'test_double': a test ends with passed\("double", points=1\), found \[\('triple', 1.0\)\]""",
    ),
    "a test that needs another cell": (
        unit(check=graded("test_double", CHECK.replace("3", "np.pi"))),
        "cell 'test_double': a test imports or defines what it uses, but for exercises and locked cells; found np",
    ),
    "a test that is no Python": (
        unit(check=graded("test_double", f"{CHECK}def\n")),
        "cell 'test_double': a test is Python, found line 5: invalid syntax",
    ),
    "unclosed solution": (
        unit(solution=graded("double", SOLUTION.replace("    ### END SOLUTION\n", ""), SOLVED)),
        "cell 'double': every '### BEGIN SOLUTION' needs its '### END SOLUTION'.* found BEGIN",
    ),
    "solution closed before it begins": (
        unit(solution=graded("double", "### END SOLUTION\nx = 1\n### BEGIN SOLUTION\n", SOLVED)),
        "cell 'double': every '### BEGIN SOLUTION' needs its '### END SOLUTION'.* found END, BEGIN",
    ),
    "unclosed hidden test": (
        unit(hidden=graded("test_double_hidden", HIDDEN.replace("### END HIDDEN TESTS\n", ""))),
        "cell 'test_double_hidden': every '### BEGIN HIDDEN TESTS' needs its '### END HIDDEN TESTS'.* found BEGIN",
    ),
    "C++ that nothing has prepared": (
        unit(solution=graded("double", CPP, SOLVED)),
        r"cell 'double': expected a locked cell with 'use_cpp_cells\(\)' before a C\+\+ cell, found none",
    ),
    "C++ of another exercise": (
        unit(solution=graded("double", CPP.replace("%%cpp double", "%%cpp triple"), SOLVED)),
        "cell 'double': its first line is '%%cpp double', found '%%cpp triple'",
    ),
    "marks of Python in C++": (
        unit(solution=graded("double", CPP.replace("// ", ""), SOLVED)),
        "cell 'double': a mark is a line of its own, .*'?// ### BEGIN SOLUTION.*; found '### BEGIN SOLUTION'",
    ),
    "solution in a plain cell": (
        unit(code("### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n")),
        r"cell 6 \('### BEGIN SOLUTION'\): '### BEGIN SOLUTION' belongs in a solution cell, but this is not one",
    ),
    "hidden test in a solution cell": (
        unit(solution=graded("double", SOLUTION + "### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS\n", SOLVED)),
        "cell 'double': '### BEGIN HIDDEN TESTS' belongs in a test cell, but this is not one",
    ),
    "hidden test in Markdown": (
        unit("Words\n\n### BEGIN HIDDEN TESTS\n\nmore\n\n### END HIDDEN TESTS\n"),
        r"cell 6 \('Words'\): '### BEGIN HIDDEN TESTS' belongs in a test cell, but this is not one",
    ),
    "mark with one hash": (
        unit(solution=graded("double", SOLUTION.replace("### BEGIN", "# BEGIN"), SOLVED)),
        "cell 'double': a mark is a line of its own, .*; found '# BEGIN SOLUTION'",
    ),
    "mark with two spaces": (
        unit(hidden=graded("test_double_hidden", HIDDEN.replace("BEGIN HIDDEN", "BEGIN  HIDDEN"))),
        "cell 'test_double_hidden': a mark is a line of its own, .*; found '### BEGIN  HIDDEN TESTS'",
    ),
    "mark in small letters": (
        unit(hidden=graded("test_double_hidden", HIDDEN.lower())),
        "cell 'test_double_hidden': a mark is a line of its own, .*; found '### begin hidden tests'",
    ),
    "mark behind code": (
        unit(solution=graded("double", SOLUTION.replace("    ### BEGIN", "    x += 0  ### BEGIN"), SOLVED)),
        "cell 'double': a mark is a line of its own, .*; found 'x \\+= 0  ### BEGIN SOLUTION'",
    ),
    "solution without marks": (
        unit(solution=graded("double", "def double(x):\n    return 2 * x\n", SOLVED)),
        "cell 'double': a solution stands between '### BEGIN SOLUTION' and '### END SOLUTION', found no such marks",
    ),
    "hidden test without marks": (
        unit(hidden=graded("test_double_hidden", CHECK)),
        "cell 'test_double_hidden': a hidden test stands between .*, found no such marks",
    ),
    "solution without a test": (
        unit(check=TITLE),
        "cell 'double': a solution needs a visible check called 'test_double', found none",
    ),
    "test of nothing": (
        unit(graded("test_triple", CHECK)),
        r"cell 'test_triple': a test is called test_<exercise> or test_<exercise>_hidden, of \['double'\]",
    ),
    "test by another name": (
        unit(check=graded("double_test", CHECK)),
        "cell 'double_test': a test is called test_<exercise> or test_<exercise>_hidden",
    ),
    "test and solution in one": (
        unit(graded("both", SOLUTION, "solution: true, grade: true, points: 1")),
        "cell 'both': what is both solution and grade is a question: a Markdown cell, question_<name>",
    ),
    "no explanation": (
        unit().replace(EXPLANATION, ""),
        "cell 'double': a solution needs a cell tagged 'explanation' directly after it, found none",
    ),
    "two explanations": (
        unit().replace(EXPLANATION, f"{EXPLANATION}\n{EXPLANATION}"),
        r"cell 4 \('A product.*: a cell tagged 'explanation' is plain Markdown, directly behind the solution",
    ),
    "an explanation somewhere else": (
        unit().replace(EXPLANATION, f"Words.\n\n{EXPLANATION}"),
        r"cell 4 \('A product.*: a cell tagged 'explanation' is plain Markdown, directly behind the solution",
    ),
    "an explanation in code": (
        unit().replace(EXPLANATION, code("# why\n", "tags: [explanation]")),
        r"cell 3 \('# why'\): a cell tagged 'explanation' is plain Markdown, directly behind the solution",
    ),
    "an explanation that is first": (
        f"{EXPLANATION}\n+++\n\n{unit()}",
        r"cell 1 \('A product.*: a cell tagged 'explanation' is plain Markdown, directly behind the solution",
    ),
    "a question by another name": (
        unit(QUESTION.replace("question_sign", "sign")),
        "cell 'sign': what is both solution and grade is a question: a Markdown cell, question_<name>",
    ),
    "a question that keeps words": (
        unit(QUESTION.replace("### BEGIN SOLUTION", "Because\n\n### BEGIN SOLUTION")),
        "cell 'question_sign': below a question stands nothing but one '### BEGIN SOLUTION' … '### END SOLUTION'",
    ),
    "a question without a rubric": (
        unit(QUESTION.replace("**Rubric.**", "Rubric:")),
        r"cell 'question_sign': a question needs a paragraph that begins with \*\*Rubric\.\*\*, found none",
    ),
    "a question without a model answer": (
        unit(QUESTION.replace("**Model answer.**", "Answer:")),
        r"cell 'question_sign': a question needs a paragraph that begins with \*\*Model answer\.\*\*, found none",
    ),
    "a question with points": (
        unit(QUESTION.replace('"points": 0', '"points": 2')),
        "cell 'question_sign': a question has points: 0 here; c.Questions.points sets what it is worth",
    ),
    "answer in the metadata": (
        unit(check=graded("test_double", CHECK, TEST, "answer: return x + x")),
        "cell 'test_double': a cell's metadata holds nbgrader and tags alone, found answer",
    ),
    "answer in Markdown's metadata": (
        unit('+++ {"attachments": {"a.txt": {"text/plain": "return x + x"}}}\n\nWords\n'),
        r"cell 6 \('Words'\): a cell's metadata holds nbgrader and tags alone, found attachments",
    ),
    "answer in a tag": (
        unit(code("x = 1\n", "tags: [return x + x]")),
        r"cell 6 \('x = 1'\): tags are a list of words, found \['return x \+ x'\]",
    ),
    "answer in nbgrader's metadata": (
        unit(graded("given", "x = 1\n", "solution: false, grade: false, answer: return x")),
        "cell 'given': .*'answer' was unexpected",
    ),
    "old metadata": (
        unit(check=graded("test_double", CHECK).replace("schema_version: 3", "schema_version: 2")),
        r"cell 'test_double': .*Outdated schema version: 2 \(expected 3\)",
    ),
    "no grade_id": (
        unit(graded("''", "x = 1\n", "solution: false, grade: false")),
        r"cell 6 \('x = 1'\): nbgrader's metadata must be whole: grade_id is empty",
    ),
    "no metadata": (unit(code("x = 1\n", "nbgrader: yes")), r"cell 6 \('x = 1'\): nbgrader's metadata must be whole"),
    "no YAML": (unit(code("x = 1\n", "tags: [1")), "expected MyST Markdown: .*Code cell 5 .*Invalid YAML"),
}

# What is wrong: the answer bank, and what is said of it.
BAD_BANKS = {
    "no bank": (None, " every exercise needs an answer bank, found no such file"),
    "too few answers": (
        BANK.replace(RIGHT.format("sum", "x + x"), ""),
        " an answer bank holds at least 2 right and 6 wrong answers, found 1 and 6",
    ),
    "no kind": (
        BANK.replace("### right: sum", "### sum"),
        r"3: expected '### right: …' or '### wrong: …', got the heading 'sum'",
    ),
}


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A course with a good unit, which is also where the shell stands; temporary files would be seen."""
    course = make_course(tmp_path / "course", **{"00_good": unit()})
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(course.root)
    return course


def files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def refused(course: Course, *arguments: str) -> list[str]:
    """Release, which must fail and write nothing; the lines that it prints."""
    before = files(course.root.parent)
    result = CliRunner().invoke(app, ["release", *arguments])
    assert result.exit_code == 1
    assert files(course.root.parent) == before
    return result.output.splitlines()


@pytest.mark.parametrize(("text", "words"), BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_a_bad_text_is_named(course: Course, text: str, words: str) -> None:
    write(course, "01_bad", text)
    lines = refused(course)
    assert [line for line in lines if re.match(TEXT + words, line)], lines
    assert all(
        re.match(rf"({TEXT}(cell|expected MyST)|solutions/01_bad/answers/both\.md: every exercise)", line)
        for line in lines
    )


@pytest.mark.parametrize(("bank", "words"), BAD_BANKS.values(), ids=BAD_BANKS)
def test_a_bad_bank_is_named(course: Course, bank: str | None, words: str) -> None:
    write(course, "01_bad", unit(), bank)
    lines = refused(course)
    assert len(lines) == 1
    assert re.match(ANSWERS + words, lines[0]), lines


def test_a_bank_of_no_exercise_is_named(course: Course) -> None:
    write(course, "01_bad", unit())
    folder = course.solutions / "01_bad"
    shutil.copy(bank_of(folder, "double"), bank_of(folder, "triple"))
    assert refused(course) == [
        "solutions/01_bad/answers/triple.md: expected the name of an exercise of the unit, one of double"
    ]


def test_a_text_in_another_encoding_is_named(course: Course) -> None:
    write(course, "01_bad", unit())
    (course.solutions / "01_bad" / "01_bad.md").write_bytes("# Größe".encode("latin-1"))
    lines = refused(course)
    assert len(lines) == 1
    assert re.match(f"{TEXT}expected UTF-8, got something else", lines[0])


def test_a_bank_in_another_encoding_is_named(course: Course) -> None:
    write(course, "01_bad", unit())
    (course.solutions / "01_bad" / "answers" / "double.md").write_bytes("# Größe".encode("latin-1"))
    lines = refused(course)
    assert len(lines) == 1
    assert re.match(f"{ANSWERS} expected UTF-8", lines[0])


def test_all_problems_of_all_units_are_named_at_once(course: Course) -> None:
    write(course, "01_bad", unit(graded("test_double", CHECK), solution=graded("double", "double = abs\n", SOLVED)))
    write(course, "02_worse", unit(), None)
    lines = refused(course)
    assert [line.partition(": a")[0] for line in lines[:2]] == [
        "solutions/01_bad/01_bad.md: cell 'test_double'",
        "solutions/01_bad/01_bad.md: cell 'double'",
    ]
    assert lines[2].startswith("solutions/02_worse/answers/double.md: every exercise")
    assert len(lines) == 3


@pytest.mark.parametrize("arguments", [["--check"], ["00", "bad"], ["01_bad"]], ids=" ".join)
def test_however_it_is_called(course: Course, arguments: list[str]) -> None:
    write(course, "01_bad", unit(), None)
    assert len(refused(course, *arguments)) == 1


def test_from_a_folder_below(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    write(course, "01_bad", unit(graded("test_double", CHECK)))
    monkeypatch.chdir(course.solutions / "01_bad")
    assert refused(course)[0].startswith("solutions/01_bad/01_bad.md: cell 'test_double'")


def test_what_nbgrader_refuses_is_one_line(course: Course) -> None:
    write(course, "01_bad", unit("Words\n\n### BEGIN MARK SCHEME\n\nmore\n"))
    lines = refused(course)
    assert len(lines) == 1
    assert re.match(f"{TEXT}nbgrader refuses it: RuntimeError: .*mark scheme", lines[0])


def test_a_unit_without_exercises_needs_no_bank(course: Course) -> None:
    write(course, "01_plain", TITLE, None)
    assert CliRunner().invoke(app, ["release", "01"]).output == "01_plain: released\n"


def test_an_attachment_is_named(tmp_path: Path) -> None:
    cell = new_markdown_cell("words", attachments={"a.txt": {"text/plain": "return x + x"}})
    found = problems(new_notebook(cells=[cell]), tmp_path / "u.md")
    assert found == [
        f"{tmp_path / 'u.md'}: cell 1 ('words'): a cell's metadata holds nbgrader and tags alone, found attachments"
    ]


def test_an_empty_cell_has_a_name(tmp_path: Path) -> None:
    found = problems(new_notebook(cells=[new_markdown_cell("", metadata={"answer": 1})]), tmp_path / "u.md")
    assert [line.partition(": a")[0] for line in found] == [f"{tmp_path / 'u.md'}: cell 1 ('')"]


def test_words_about_solutions_are_no_marks(tmp_path: Path) -> None:
    prose = new_markdown_cell("# End solution\n\nIn the end, solutions begin; hidden tests too.")
    assert problems(new_notebook(cells=[prose]), tmp_path / "u.md") == []
    assert exercises(new_notebook(cells=[prose])) == []
