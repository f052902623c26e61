"""A learner's class is judged by what its objects do, and a slip is named."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from course_lib.checks import (
    CheckFailed,
    Result,
    call,
    call_method,
    column,
    forbid_names,
    iterate,
    iterate_until,
    length,
    timeout,
)
from tests.support.learner import learner, message_of

NODE = """
class Node:
    def __init__(self, items):
        self.items = items
        self.told = []

    def __len__(self):
        return len(self.items)

    def __iter__(self):
        for item in self.items:
            yield [item, 2 * item]

    def reset_state(self, *words):
        self.told.append(words)
"""


def made(code: str, *args: object, name: str = "Node") -> Result:
    return call(learner(code, name), *args)


def test_an_object_is_made_asked_told_and_iterated() -> None:
    node = made(NODE, [1, 2, 3])
    assert length(node).value == 3
    call_method(node, "reset_state", 5)
    value: Any = node.value
    assert value.told == [(5,)]
    items = iterate(node, 3)
    assert items.value == [[1, 2], [2, 4], [3, 6]]
    assert (
        column(items, 1, 2).equals([2, 4, 6]).given == "the second component of each datapoint of list(Node([1, 2, 3]))"
    )


def test_objects_and_functions_of_the_notebook_are_named_in_the_call() -> None:
    source = learner(
        NODE.replace("class Node", "class Source") + "\n    def __repr__(self):\n        return 'Source()'", "Source"
    )
    double = learner("def double(x): return 2 * x", "double")
    plain = learner(NODE, "Node")([1])
    pair = "class Pair:\n    def __init__(self, *parts): self.parts = parts"
    assert made(pair, source([1]), double, plain, name="Pair").given == "Pair(Source(), double, a Node)"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (NODE.replace("[item, 2 * item]", "item"), "a list or tuple of 2"),
        (NODE.replace("[item, 2 * item]", "[item]"), "a list or tuple of 2"),
    ],
)
def test_datapoints_must_have_their_components(code: str, words: str) -> None:
    node = made(code, [1, 2])
    assert words in message_of(lambda: column(iterate(node, 2), 0, 2))


def test_too_many_items_are_a_mistake_and_need_not_end() -> None:
    endless = NODE.replace("for item in self.items:", "while True:\n            item = 1")
    message = message_of(lambda: iterate(made(endless, [1]), 3))
    assert "at most 3 items" in message
    assert "the end is missing" in message


def test_an_iterator_that_waits_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeout, "TIMEOUT_S", 0.2)
    waiting = NODE.replace(
        "for item in self.items:", "import threading\n        threading.Event().wait(3)\n        for item in []:"
    )
    assert "it waits for something that never comes" in message_of(lambda: iterate(made(waiting, [1]), 3))


def test_a_loop_that_cannot_be_left_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeout, "TIMEOUT_S", 0.2)
    waiting = NODE.replace(
        "for item in self.items:",
        "import threading\n        try:\n            yield [1, 1]\n"
        "        finally:\n            threading.Event().wait(3)\n"
        "        for item in []:",
    )
    message = message_of(lambda: iterate(made(waiting, [1]), 1, abandon=True))
    assert message.startswith("a loop over Node([1]) that is left with break")
    assert "it waits for its thread" in message


def test_something_is_done_with_each_item_before_the_next_is_asked_for() -> None:
    node, seen = made(NODE, [1, 2, 3]), []
    iterate(node, 2, abandon=True, meanwhile=lambda: seen.append("used"))
    assert seen == ["used", "used"]


def test_a_class_whose_making_waits_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeout, "TIMEOUT_S", 0.2)
    waiting = NODE.replace("self.told = []", "import threading; threading.Event().wait(3)")
    assert "it waits for something that never comes" in message_of(lambda: made(waiting, [1]))


def test_an_error_on_the_way_names_the_line() -> None:
    broken = NODE.replace("yield [item, 2 * item]", "yield [item / 0]")
    message = message_of(lambda: iterate(made(broken, [1]), 3))
    assert "your class raised ZeroDivisionError" in message
    assert "yield [item / 0]" in message
    assert message.startswith("list(Node([1]))")


def test_what_is_not_written_yet_stays_so() -> None:
    unwritten = NODE.replace("yield [item, 2 * item]", "yield self.next()").replace(
        "def __len__", "def next(self):\n        raise NotImplementedError\n\n    def __len__"
    )
    with pytest.raises(NotImplementedError):
        iterate(made(unwritten, [1]), 3)
    with pytest.raises(NotImplementedError):
        length(made(NODE.replace("return len(self.items)", "raise NotImplementedError"), [1]))


def test_what_cannot_be_iterated_or_counted_or_told_is_named() -> None:
    bare = made("class Node:\n    def __init__(self, items): pass", [1])
    assert "not iterable" in message_of(lambda: iterate(bare, 3))
    assert "no len()" in message_of(lambda: length(bare))
    assert "a method `reset_state`" in message_of(lambda: call_method(bare, "reset_state"))


def test_abandoning_closes_the_iterator() -> None:
    closing = NODE.replace(
        "for item in self.items:\n            yield [item, 2 * item]",
        "try:\n            yield 1\n            yield 2\n        finally:\n            self.told.append('closed')",
    )
    node = made(closing, [1])
    assert iterate(node, 1, abandon=True).value == [1]
    value: Any = node.value
    assert value.told == ["closed"]


def test_an_expected_error_comes_after_the_items_before_it() -> None:
    failing = NODE.replace("yield [item, 2 * item]", "yield 1 / item")
    assert iterate_until(ZeroDivisionError, made(failing, [1, 2, 0, 4]), 9).value == [1.0, 0.5, "division by zero"]
    swallowing = failing.replace("yield 1 / item", "\n            if item: yield 1 / item")
    assert "swallowed" in message_of(lambda: iterate_until(ZeroDivisionError, made(swallowing, [1, 0]), 9))
    other = failing.replace("1 / item", "item.lost")
    assert "AttributeError" in message_of(lambda: iterate_until(ZeroDivisionError, made(other, [1, 0]), 9))


def test_iterating_leaves_no_thread() -> None:
    before = threading.active_count()
    iterate(made(NODE, list(range(50))), 50)
    assert threading.active_count() <= before + 1  # the last one may be about to end


class Ready:
    """A node of a library."""

    def __iter__(self) -> Iterator[int]:
        return iter(())


def test_a_class_that_inherits_the_answer_is_not_own_work() -> None:
    heir = learner("class Node(Ready): pass", "Node", Ready=Ready)
    assert "uses `Ready`" in message_of(lambda: forbid_names(heir, "Ready"))
    free = learner("class Node(Base): pass", "Node", Base=learner("class Base: pass", "Base"))
    forbid_names(free, "Ready")


def test_a_failed_check_is_one() -> None:
    with pytest.raises(CheckFailed):
        iterate(Result(3, "f()"), 1)
