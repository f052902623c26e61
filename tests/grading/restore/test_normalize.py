import json
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode

from course_lib.course import Course
from course_lib.errors import CourseError
from course_lib.grading.restore.normalize import Normalized, normalize
from course_lib.grading.restore.template import Template, visible
from course_lib.release import read_unit, released
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

Notebook = dict[str, Any]
EXERCISES = ("double", "halve", "square")
TESTS = [f"test_{name}{ending}" for name in EXERCISES for ending in ("", "_hidden")]
HEAD = "# A unit\n\n```{code-cell} ipython3\nimport numpy as np\n```\n"
EXERCISE = '''
## Exercise {name}

```{{code-cell}} ipython3
---
nbgrader: {{grade: false, grade_id: {name}, locked: false, schema_version: 3, solution: true, task: false}}
---
def {name}(x):
    """Takes a number and gives its {name}."""
    ### BEGIN SOLUTION
    return the_answer_to_{name}
    ### END SOLUTION
```

```{{code-cell}} ipython3
---
nbgrader:
  {{grade: true, grade_id: test_{name}, locked: true, points: 1, schema_version: 3, solution: false, task: false}}
---
from course_lib.checks import call, passed
call({name}, 1.0)
passed("{name}", points=1)
```

```{{code-cell}} ipython3
---
nbgrader:
  {{grade: true, grade_id: test_{name}_hidden, locked: true, points: 2, schema_version: 3, solution: false,
    task: false}}
---
# A hidden test.
### BEGIN HIDDEN TESTS
secret_{name} = call({name}, 2.0)
passed("{name}", points=2)
### END HIDDEN TESTS
```

```{{code-cell}} ipython3
:tags: [demo]
print({name}(3))
```
'''


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    """The instructor's notebook of a unit with three exercises."""
    text = tmp_path_factory.mktemp("unit") / "unit.md"
    text.write_text(HEAD + "".join(EXERCISE.format(name=name) for name in EXERCISES), encoding="utf-8")
    return read_unit(text)


@pytest.fixture
def answered(source: NotebookNode) -> Notebook:
    """What a learner hands in who has solved every exercise."""
    template = Template.of(source)
    cells = [{**deepcopy(cell), "source": visible(cell.source)} for cell in template.cells]
    notebook = json.loads(json.dumps({"cells": cells, "metadata": source.metadata, "nbformat": 4, "nbformat_minor": 5}))
    for name in EXERCISES:
        cell(notebook, name)["source"] = answer(name)
    return dict(notebook)


def answer(name: str) -> str:
    return f"def {name}(x):\n    return my_{name}"


def cell(notebook: Notebook, grade_id: str) -> Notebook:
    return next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def own(text: str, kind: str = "code") -> Notebook:
    return {"cell_type": kind, "metadata": {}, "source": text}


def handed_in(notebook: Notebook, source: NotebookNode) -> Normalized:
    """Normalize; whatever was handed in, the result is a valid notebook and nobody's answers but the learner's."""
    found = normalize(json.dumps(notebook).encode(), source)
    nbformat.validate(found.notebook)
    assert "the_answer" not in json.dumps(found.notebook)
    assert normalize(nbformat.writes(found.notebook).encode(), source).notebook == found.notebook
    assert graded(found.notebook) == graded(source)
    return found


def names(notebook: NotebookNode) -> list[str]:
    return [c.metadata.nbgrader.grade_id for c in notebook.cells if "nbgrader" in c.metadata]


def graded(notebook: NotebookNode) -> list[tuple[str, str, str, float, list[str]]]:
    """All that decides how a test runs and counts."""
    marked = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
    return [
        (c.metadata.nbgrader.grade_id, c.source, c.cell_type, c.metadata.nbgrader.points, c.metadata.get("tags", []))
        for c in marked
    ]


def texts(notebook: NotebookNode) -> list[str]:
    return [c.source for c in notebook.cells]


def answers(found: Normalized) -> dict[str, str]:
    cells = [c for c in found.notebook.cells if c.metadata.get("nbgrader", {}).get("solution")]
    return {c.metadata.nbgrader.grade_id: c.source for c in cells}


def test_an_ordinary_submission_gets_its_hidden_tests_and_nothing_else(
    answered: Notebook, source: NotebookNode
) -> None:
    answered["cells"].insert(3, own("def helper(x):\n    return x"))
    found = handed_in(answered, source)
    assert (found.changes, found.audit_flags) == ([], [])
    assert answers(found) == {name: answer(name) for name in EXERCISES}
    expected = [c["source"] for c in answered["cells"]]
    assert [visible(text) for text in texts(found.notebook)] == expected
    assert found.notebook.metadata == source.metadata
    assert (found.notebook.nbformat, found.notebook.nbformat_minor) == (4, 5)


@pytest.mark.parametrize("unit", Course(ROOT).units_with_solutions())
def test_real_units_as_released(unit: str) -> None:
    course = Course(ROOT)
    fresh = released(course, unit).read_bytes()
    source = read_unit(course.solutions / unit / f"{unit}.md")
    found = normalize(fresh, source)
    assert (found.changes, found.audit_flags) == ([], [])
    expected = nbformat.reads(fresh, as_version=4)
    assert [(c.id, visible(c.source)) for c in found.notebook.cells] == [(c.id, c.source) for c in expected.cells]
    for ours, theirs in zip(found.notebook.cells, expected.cells, strict=True):
        theirs.metadata.pop("jupyter", None)  # nothing is collapsed for whoever grades
        if not ours.source.startswith("# A hidden test"):  # whose checksum in the release is that of the visible part
            assert ours.metadata == theirs.metadata


def test_a_source_without_answers_is_as_good(answered: Notebook, source: NotebookNode) -> None:
    template = Template.of(source)
    bare = NotebookNode(source, cells=template.cells)
    assert Template.of(bare) == template
    assert handed_in(answered, bare).notebook == handed_in(answered, source).notebook


def test_tags_of_the_release_stay_and_others_go(answered: Notebook, source: NotebookNode) -> None:
    cell(answered, "test_double")["metadata"]["tags"] = ["skip-execution", "demo"]
    cell(answered, "halve")["metadata"]["tags"] = ["raises-exception"]
    answered["cells"][1]["metadata"]["tags"] = ["demo"]
    found = handed_in(answered, source)
    tags = [c.metadata.get("tags", []) for c in found.notebook.cells]
    assert [tag for some in tags for tag in some] == ["demo"] * 3
    marked = "cell 2 ('demo'), cell 5 ('skip-execution', 'demo'), cell 9 ('raises-exception')"
    assert found.changes == [f"tagged, tags taken away: {marked}"]


def damaged_delete_test(notebook: Notebook) -> None:
    notebook["cells"].remove(cell(notebook, "test_halve_hidden"))


def damaged_copy_test(notebook: Notebook) -> None:
    notebook["cells"].append(deepcopy(cell(notebook, "test_halve_hidden")))


def damaged_change_test(notebook: Notebook) -> None:
    cell(notebook, "test_halve_hidden")["source"] = "pass"


def damaged_retype_test(notebook: Notebook) -> None:
    cell(notebook, "test_halve_hidden")["cell_type"] = "raw"


def damaged_move_test(notebook: Notebook) -> None:
    moved = cell(notebook, "test_halve_hidden")
    notebook["cells"].remove(moved)
    notebook["cells"].insert(0, moved)


def damaged_points(notebook: Notebook) -> None:
    cell(notebook, "test_halve_hidden")["metadata"]["nbgrader"] |= {"points": 100, "schema_version": 1}


def damaged_rename_test(notebook: Notebook) -> None:
    cell(notebook, "test_halve_hidden")["metadata"]["nbgrader"]["grade_id"] = "other"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (damaged_delete_test, "deleted, put back: 'test_halve_hidden'"),
        (damaged_copy_test, "copied, once is enough: 'test_halve_hidden' (2 times)"),
        (damaged_change_test, "changed, restored: 'test_halve_hidden'"),
        (damaged_retype_test, "made a raw cell, code again: 'test_halve_hidden'"),
        (damaged_move_test, "moved, put back in its place: 'test_halve_hidden'"),
        (damaged_points, "metadata changed, restored: 'test_halve_hidden' (points, schema_version)"),
        (damaged_rename_test, "grade_id lost or changed, recognized by its text or cell id: 'test_halve_hidden'"),
    ],
)
def test_a_damaged_test_comes_back(
    answered: Notebook, source: NotebookNode, damage: Callable[[Notebook], None], words: str
) -> None:
    whole = handed_in(answered, source)
    damage(answered)
    found = handed_in(answered, source)
    assert found.changes == [words]
    assert found.notebook == whole.notebook


def test_a_deleted_answer_is_untouched_again_and_the_others_count(answered: Notebook, source: NotebookNode) -> None:
    answered["cells"].remove(cell(answered, "halve"))
    found = handed_in(answered, source)
    assert found.changes == ["deleted, put back untouched: 'halve'"]
    assert "raise NotImplementedError" in answers(found)["halve"]
    assert {name: answers(found)[name] for name in ("double", "square")} == {
        name: answer(name) for name in ("double", "square")
    }
    place = names(found.notebook).index("halve")
    assert names(found.notebook)[place - 1 : place + 2] == ["test_double_hidden", "halve", "test_halve"]


def test_of_copies_the_last_that_was_worked_on_counts(answered: Notebook, source: NotebookNode) -> None:
    first, stub = cell(answered, "halve"), deepcopy(cell(answered, "halve"))
    stub["source"] = next(c.source for c in Template.of(source).cells if c.source.startswith("def halve"))
    second = {**deepcopy(first), "source": answer("halve") + "  # better"}
    place = answered["cells"].index(first)
    answered["cells"][place : place + 1] = [stub, first, second, stub]
    found = handed_in(answered, source)
    assert answers(found)["halve"].endswith("# better")
    kept = [text for text in texts(found.notebook) if text.startswith("def halve")]
    assert kept == [answer("halve"), answer("halve") + "  # better"]
    assert found.changes == ["copied, the last one that was worked on counts: 'halve' (4 times; cell 11)"]


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_an_answer_made_text_is_code_again(answered: Notebook, source: NotebookNode, kind: str) -> None:
    made = cell(answered, "halve")
    made["cell_type"] = kind
    del made["outputs"], made["execution_count"]
    found = handed_in(answered, source)
    assert answers(found)["halve"] == answer("halve")
    assert found.changes == [f"made a {kind} cell, code again: 'halve'"]


@pytest.mark.parametrize(
    ("text", "way"),
    [
        (answer("halve"), "the function that it defines"),
        ("halve = lambda x: x / 2", "the function that it defines"),
        (
            'def halv(x):\n    """Takes a number and gives its halve."""\n    return x / 2',
            "its likeness to the untouched",
        ),
        ("deff halve(x):\n    return x / 2", "its place"),
    ],
)
def test_an_answer_without_marks_is_recognized(answered: Notebook, source: NotebookNode, text: str, way: str) -> None:
    place = answered["cells"].index(cell(answered, "halve"))
    answered["cells"][place] = own(text)
    found = handed_in(answered, source)
    assert answers(found)["halve"] == text
    assert len(found.changes) == 1
    assert f"recognized by {way}" in found.changes[0]


def test_an_answer_of_another_name_is_recognized_by_its_cell_id(answered: Notebook, source: NotebookNode) -> None:
    cell(answered, "halve")["metadata"]["nbgrader"]["grade_id"] = "something"
    found = handed_in(answered, source)
    assert answers(found) == {name: answer(name) for name in EXERCISES}
    assert found.changes == ["grade_id lost or changed, recognized by its cell id: 'halve' (cell 9)"]


def test_answers_that_swapped_their_names(answered: Notebook, source: NotebookNode) -> None:
    one, other = cell(answered, "halve"), cell(answered, "square")
    one["metadata"], other["metadata"] = other["metadata"], one["metadata"]
    del one["id"], other["id"]
    assert answers(handed_in(answered, source)) == {name: answer(name) for name in EXERCISES}


def test_all_marks_and_ids_are_lost(answered: Notebook, source: NotebookNode) -> None:
    whole = handed_in(answered, source)
    for part in answered["cells"]:
        part["metadata"] = {}
        del part["id"]
    found = handed_in(answered, source)
    assert found.notebook == whole.notebook


def test_two_answers_in_one_cell(answered: Notebook, source: NotebookNode) -> None:
    both = f"{answer('halve')}\n\n\n{answer('square')}"
    answered["cells"].remove(cell(answered, "square"))
    cell(answered, "halve")["source"] = both
    found = handed_in(answered, source)
    assert answers(found)["halve"] == both
    assert "NotImplementedError" not in answers(found)["square"]
    assert found.changes == ["deleted, but answered in another cell: 'square' (cell 9)"]


def test_an_answer_in_a_new_cell_beside_the_untouched_one(answered: Notebook, source: NotebookNode) -> None:
    untouched = cell(answered, "halve")
    untouched["source"] = next(c.source for c in Template.of(source).cells if c.source.startswith("def halve"))
    answered["cells"] += [own("def helper(x):\n    return x / 2"), own("def halve(x):\n    return helper(x)")]
    found = handed_in(answered, source)
    assert answers(found)["halve"] == "def halve(x):\n    return helper(x)"
    shown = texts(found.notebook)
    assert shown.index("def helper(x):\n    return x / 2") < shown.index(answers(found)["halve"])
    assert names(found.notebook).index("halve") < names(found.notebook).index("test_halve")


def test_a_test_runs_behind_its_answer_wherever_that_is(answered: Notebook, source: NotebookNode) -> None:
    moved = cell(answered, "double")
    answered["cells"].remove(moved)
    answered["cells"].append(moved)
    found = handed_in(answered, source)
    order = names(found.notebook)
    assert all(order.index(name) < order.index(f"test_{name}") for name in EXERCISES)
    assert answers(found) == {name: answer(name) for name in EXERCISES}


def test_own_cells_keep_their_place_text_and_pictures(answered: Notebook, source: NotebookNode) -> None:
    place = answered["cells"].index(cell(answered, "test_double"))
    picture = {"image.png": {"image/png": "iVBORw0KGgo="}}
    note = {**own("![mine](attachment:image.png)", "markdown"), "attachments": picture}
    note["metadata"] = {"nbgrader": {"grade": True, "grade_id": "mine", "points": 50}, "deletable": False}
    answered["cells"][place:place] = [own("def helper(): pass"), note]
    found = handed_in(answered, source)
    shown = texts(found.notebook)
    assert shown[place : place + 2] == ["def helper(): pass", "![mine](attachment:image.png)"]
    assert found.notebook.cells[place + 1].attachments == picture
    assert found.notebook.cells[place + 1].metadata == {}
    assert shown[place + 2] == cell(answered, "test_double")["source"]


@pytest.mark.parametrize("version", [2, 3])
def test_older_formats(answered: Notebook, source: NotebookNode, version: int) -> None:
    whole = handed_in(answered, source)
    sheet = []
    for part in answered["cells"]:
        old = {key: part[key] for key in ("cell_type", "metadata")}
        text = "input" if part["cell_type"] == "code" else "source"
        sheet.append({**old, text: part["source"].splitlines(keepends=True), "prompt_number": 1, "language": "python"})
    old = {"nbformat": version, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": sheet}]}
    found = handed_in(old, source)
    assert found.notebook == whole.notebook
    assert found.changes == [f"format {version}: converted", "no kernel was named: put back"]


def test_the_title_of_an_old_format_is_a_title(source: NotebookNode) -> None:
    cells = [{"cell_type": "heading", "level": 2, "source": "Mine"}, own(answer("double"))]
    old = {"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]}
    assert texts(handed_in(old, source).notebook)[0] == "## Mine"


def test_a_newer_minor_version_and_its_unknown_fields(answered: Notebook, source: NotebookNode) -> None:
    whole = handed_in(answered, source)
    answered |= {"nbformat_minor": 99, "new": {"field": 1}}
    for part in answered["cells"]:
        part["new_in_4_99"] = True
    found = handed_in(answered, source)
    assert (found.notebook, found.changes) == (whole.notebook, [])


def test_what_tools_leave_out(answered: Notebook, source: NotebookNode) -> None:
    whole = handed_in(answered, source)
    bare = {"cells": answered["cells"], "nbformat": 4}
    for part in bare["cells"]:
        part.pop("outputs", None)
    assert handed_in(bare, source).notebook == whole.notebook


ENCODINGS: list[tuple[Callable[[str], bytes], list[str]]] = [
    (lambda text: text.encode("utf-8-sig"), []),
    (lambda text: text.encode("utf-16"), []),
    (lambda text: text.encode("utf-16-be"), []),
    (lambda text: text.replace("\n", "\r\n").encode(), []),
    (lambda text: text.encode() + b"\0\0\0\n", []),
    (lambda text: f"{text}\n}}}} left over".encode(), ["text after the notebook's end: left out"]),
    (lambda text: text.replace("A unit", "Ein Stück").encode("latin-1"), ["bytes that are not UTF-8: replaced by �"]),
]


@pytest.mark.parametrize(("encode", "changes"), ENCODINGS)
def test_encodings_and_remains(
    answered: Notebook, source: NotebookNode, encode: Callable[[str], bytes], changes: list[str]
) -> None:
    whole = handed_in(answered, source)
    text = json.dumps(answered, indent=1, ensure_ascii=False)
    found = normalize(encode(text), source)
    assert found.changes == changes
    assert texts(found.notebook)[1:] == texts(whole.notebook)[1:]


def test_half_of_a_surrogate_pair_can_be_written_to_a_file(answered: Notebook, source: NotebookNode) -> None:
    cell(answered, "halve")["source"] += "  # \ud83d"
    found = handed_in(answered, source)
    assert answers(found)["halve"].encode().endswith(b"# \xef\xbf\xbd")


def test_outputs_are_dropped_whatever_they_are(answered: Notebook, source: NotebookNode) -> None:
    whole = handed_in(answered, source)
    for part, outputs in zip(answered["cells"], ["nonsense", 5, None, [{"text": "x" * 10**7}]] * 9, strict=False):
        part["outputs"] = outputs
        part["execution_count"] = "one"
    assert handed_in(answered, source).notebook == whole.notebook


def test_cells_that_are_none_are_left_out(answered: Notebook, source: NotebookNode) -> None:
    whole = handed_in(answered, source)
    answered["cells"][2:2] = [None, "text", 5]
    found = handed_in(answered, source)
    assert (found.notebook, found.changes) == (whole.notebook, ["3 entries that are not cells: left out"])


def test_doubled_and_impossible_ids_become_unique(answered: Notebook, source: NotebookNode) -> None:
    same = cell(answered, "double")["id"]
    answered["cells"] += [{**own("x = 1"), "id": same}, {**own("x = 1"), "id": "a b"}, {**own("x = 1"), "id": 5}]
    found = handed_in(answered, source)
    ids = [c.id for c in found.notebook.cells]
    assert len(ids) == len(set(ids))


def test_another_unit_is_refused_by_name() -> None:
    course = Course(ROOT)
    first, other, *_ = course.units_with_solutions()
    source = read_unit(course.solutions / first / f"{first}.md")
    with pytest.raises(
        CourseError, match=r"expected the unit with the exercises 'luminance', .*, found another one: "
    ) as said:
        normalize(released(course, other).read_bytes(), source)
    title = nbformat.reads(released(course, other).read_bytes(), as_version=4).cells[0].source.partition("\n")[0]
    assert title.removeprefix("# ") in str(said.value)


def test_a_notebook_of_no_unit_is_refused(source: NotebookNode) -> None:
    with pytest.raises(
        CourseError, match=r"expected the unit with the exercises 'double', .*, found none of its cells"
    ):
        normalize(json.dumps({"cells": [own("print(1)")], "nbformat": 4}).encode(), source)


# Any sequence of damage, each step to one cell.
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, 5, "x", [], {}, {"nbgrader": 5}, {"nbgrader": {"grade_id": ["a"]}, "tags": "demo"}]
)
PLACES = st.integers(0, 10**6)
STEPS = st.one_of(
    st.tuples(st.sampled_from(["delete", "copy", "unmark", "unname", "text"]), PLACES, PLACES),
    st.tuples(st.just("move"), PLACES, PLACES),
    st.tuples(st.just("kind"), PLACES, st.sampled_from(["markdown", "raw", "code", "html", 5])),
    st.tuples(st.just("metadata"), PLACES, JUNK),
    st.tuples(st.just("grade_id"), PLACES, st.sampled_from([*EXERCISES, *TESTS, "other", ""])),
    st.tuples(st.just("tags"), PLACES, st.sampled_from([["skip-execution"], ["demo"], ["a", 5], 5])),
    st.tuples(st.just("add"), PLACES, st.sampled_from(["x = 1", "", "def (", answer("halve"), "halve = 3"])),
)


def damage(cells: list[Any], step: tuple[str, int, Any]) -> None:
    kind, number, value = step
    if kind == "add":
        cells.insert(number % (len(cells) + 1), own(value))
    elif cells and kind in ("delete", "copy", "move"):
        hit = cells.pop(number % len(cells)) if kind != "copy" else deepcopy(cells[number % len(cells)])
        if kind != "delete":
            cells.insert(value % (len(cells) + 1), hit)
    elif cells:
        damage_cell(cells[number % len(cells)], kind, value, cells)


def damage_cell(hit: Any, kind: str, value: Any, cells: list[Any]) -> None:
    if kind == "text":
        hit["source"] = cells[value % len(cells)]["source"]
    elif kind == "kind":
        hit["cell_type"] = value
    elif kind == "metadata":
        hit["metadata"] = value
    elif kind == "unname":
        hit.pop("id", None)
    elif isinstance(hit["metadata"], dict):
        mark = {"grade_id": value, "grade": True, "points": 9}
        hit["metadata"] |= {"unmark": {"nbgrader": None}, "tags": {"tags": value}}.get(kind, {"nbgrader": mark})


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(STEPS, max_size=25))
def test_any_damage(source: NotebookNode, steps: list[tuple[str, int, Any]]) -> None:
    template = Template.of(source)
    cells: list[Any] = json.loads(json.dumps([{**c, "source": visible(c.source)} for c in template.cells]))
    cells.append(own("# keeps it a notebook of this unit"))
    for part in cells:
        part["source"] = part["source"].replace("raise NotImplementedError", "return 7")
    for step in steps:
        damage(cells, step)
    cells.append({**own(answer("double")), "id": template.cells[template.by_name["double"]].id})
    found = handed_in({"cells": cells, "nbformat": 4, "nbformat_minor": 5}, source)
    order = names(found.notebook)
    assert sorted(order) == sorted([*EXERCISES, *TESTS])
    assert all(order.index(name) < order.index(f"test_{name}") for name in EXERCISES)
    tests = {text for pair in template.texts for text in pair}
    mine = [part["source"] for part in cells if part["source"].strip() not in tests]
    assert is_subsequence([text for text in texts(found.notebook) if text in mine], mine)
    unmarked = [part["source"] for part in cells if part["metadata"] == {} and "id" not in part]
    assert not Counter(text for text in unmarked if text in mine) - Counter(texts(found.notebook))


def is_subsequence(few: list[str], many: list[str]) -> bool:
    remaining = iter(many)
    return all(text in remaining for text in few)
