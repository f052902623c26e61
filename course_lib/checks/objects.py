"""Using an object of a learner's class: its methods, its length, the items that it yields."""

from collections.abc import Callable, Iterator
from typing import Any

from course_lib.checks.errors import invoke, unexpected, where
from course_lib.checks.failure import CheckFailed
from course_lib.checks.results import Result
from course_lib.checks.timeout import with_timeout


def call_method(node: Result, method: str, *args: object) -> None:
    """Call a method of a learner's object for its effect; the return value does not matter.

    Parameters
    ----------
    node : Result
        What `call` made of the learner's class.
    method : str
        The method's name.
    *args : object
        Plain data, or other objects of the notebook.

    Raises
    ------
    CheckFailed
        If the object lacks the method, or the method raises an exception.
    NotImplementedError
        If the method is not written yet.
    """
    function = getattr(node.value, method, None)
    if not callable(function):
        raise node.failed(
            f"a method `{method}`",
            "an object without it",
            "it is missing, misspelled, or not indented inside the class",
        )
    invoke(function, f"{node.given}.{method}()", *args)


def length(node: Result) -> Result:
    """Return the length of a learner's object.

    Parameters
    ----------
    node : Result
        What `call` made of the learner's class.

    Returns
    -------
    Result
        An integer, to be compared.

    Raises
    ------
    CheckFailed
        If it has no length, or `len` raises an exception.
    """
    given = f"len({node.given})"
    return Result(invoke(len, given, node.value, owner=node.value), given)


def iterate(
    node: Result, at_most: int, *, abandon: bool = False, meanwhile: Callable[[], object] | None = None
) -> Result:
    """Iterate over a learner's object.

    Parameters
    ----------
    node : Result
        What `call` made of the learner's class.
    at_most : int
        The largest number of items that is right.
    abandon : bool
        Stop after `at_most` items, as ``break`` in a loop does, and close the iterator.
    meanwhile : callable, optional
        Called after each item, before the loop takes the next one or ends.

    Returns
    -------
    Result
        The list of the items, to be compared.

    Raises
    ------
    CheckFailed
        If it cannot be iterated, raises an exception, yields too many items, or if no item arrives for 5 seconds or the
        loop cannot be left within that time.
    NotImplementedError
        If the iterator is not written yet.
    """
    items: list[object] = []
    iterator = _iterator(node)
    for item in _patiently(iterator, node):
        items.append(item)
        if meanwhile is not None:
            meanwhile()
        if len(items) == at_most and abandon:
            _close(iterator, node)
            break
        if len(items) > at_most:
            raise node.failed(
                f"at most {at_most} {'item' if at_most == 1 else 'items'} in one pass",
                "more of them",
                "the end is missing, or items come twice",
            )
    return Result(items, f"list({node.given})")


def iterate_until(error: type[Exception], node: Result, at_most: int) -> Result:
    """Iterate over a learner's object that must raise an error during the iteration.

    Parameters
    ----------
    error : type
        The class of the expected error.
    node, at_most
        As for `iterate`.

    Returns
    -------
    Result
        The list of the items before the error, followed by the error's message.

    Raises
    ------
    CheckFailed
        If the iteration ends without this error.
    """
    items: list[object] = []
    try:
        for item in _patiently(_iterator(node), node, passing=error):
            items.append(item)
            if len(items) > at_most:
                break
    except error as raised:
        return Result([*items, str(raised)], f"list({node.given})")
    raise node.failed(
        f"{error.__name__}, as the source raises it",
        f"{len(items)} {'item' if len(items) == 1 else 'items'} and no error",
        "an error is swallowed, so the loop takes the data to be complete",
    )


def _iterator(node: Result) -> Iterator[object]:
    value: Any = node.value
    given = f"iter({node.given})"
    return with_timeout(lambda: invoke(iter, given, value, owner=value), given)


def _close(iterator: Iterator[object], node: Result) -> None:
    with_timeout(
        getattr(iterator, "close", lambda: None),
        f"a loop over {node.given} that is left with break",
        "the loop ends at once",
        "it waits for its thread, and the thread waits as well: for room in the queue?",
    )


def _patiently(iterator: Iterator[object], node: Result, passing: type[Exception] | None = None) -> Iterator[object]:
    """Yield items; let the expected kind of error through."""
    end = object()
    while True:
        try:
            item = with_timeout(lambda: next(iterator, end), f"list({node.given})")
        except CheckFailed:
            raise
        except Exception as error:
            if passing is None:
                raise unexpected(error, node.value, f"list({node.given})") from None
            if isinstance(error, passing):
                raise
            raise Result(None, f"list({node.given})").failed(
                f"{passing.__name__}, as the source raises it",
                where(error, node.value),
                "another error takes its place: raise the same one again",
            ) from None
        if item is end:
            return
        yield item
