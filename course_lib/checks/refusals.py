"""Checking that a learner's function refuses bad input, and saying why it does not."""

from collections.abc import Callable

from course_lib.checks.describe import describe, describe_call
from course_lib.checks.errors import name_of, refused, unwritten, where
from course_lib.checks.kinds import is_exception
from course_lib.checks.learners import require_function
from course_lib.checks.names import names_used
from course_lib.checks.remote import kind_of
from course_lib.checks.results import Result

_REWRITING = ("lower", "casefold", "upper", "capitalize", "title", "strip")  # functions that change a string
_LIMITING = ("clip", "clip_by_value", "minimum", "maximum")  # functions that move values into a range

_GAPS = "`and` for `or`, `all` for `any`, `<` for `<=`, one end of a range left out"


def raises(error: type[Exception], function: Callable[..., object], *args: object, **kwargs: object) -> None:
    """Check that a learner's function refuses bad input.

    Parameters
    ----------
    error : type
        The class of the error that the statement asks for.
    function, *args, **kwargs
        As for `call`.

    Raises
    ------
    CheckFailed
        If it returns, raises another error, or raises the error without a message.
    NotImplementedError
        If the function is not written yet.
    """
    require_function(function)
    given = describe_call(name_of(function), args, kwargs)
    try:
        value = function(*args, **kwargs)
    except (Exception, SystemExit) as raised:
        if isinstance(raised, NotImplementedError) and not issubclass(error, NotImplementedError):
            raise unwritten(raised, function) from None
        if not isinstance(raised, error):
            cause = f"an error is raised, but it is not a {error.__name__}"
            if isinstance(raised, AssertionError):
                cause = f"`assert` raises AssertionError: write `raise {error.__name__}(...)`"
            elif isinstance(raised, KeyError) and _is_silent(function, error):
                cause = (
                    f"a dictionary raises KeyError for a key that it lacks: check for it, and raise {error.__name__}"
                )
            elif _is_silent(function, error):
                cause = f"nothing in your code raises {error.__name__}; it must do so for this input"
            elif not refused(raised, function):
                cause += f": does the check let this input through ({_GAPS}), or come too late?"
            raise Result(None, given).failed(error.__name__, where(raised, function), cause) from None
        if not str(raised):
            raise Result(None, given).failed(
                f"{error.__name__} with a message that says what is wrong", "no message"
            ) from None
    else:
        raise Result(value, given).failed(
            error.__name__, f"no error, but {describe(value)}", _why(value, function, error, _has_text(args, kwargs))
        )


def _has_text(args: tuple[object, ...], kwargs: dict[str, object]) -> bool:
    return any(isinstance(each, str) for each in (*args, *kwargs.values()))


def _why(value: object, function: Callable[..., object], error: type[Exception], has_text: bool) -> str:
    """Say why no error was raised."""
    name = error.__name__
    if is_exception(value):
        return "the error was returned, not raised: write `raise`, not `return`"
    if _is_silent(function, error):
        if limiting := [each for each in _LIMITING if each in names_used(function)]:
            return f"nothing in your code raises {name}: does `{limiting[0]}` make the input fit instead?"
        return f"nothing in your code raises {name}; it must do so for this input"
    if type(value).__name__ == "generator":
        return "with `yield` in a function, nothing in it runs before its first item is asked for, the check included"
    if kind_of(function) == "class":
        return f"{name} must come when the object is made: is the check in `__init__`, and does it cover this input?"
    if has_text:
        if rewriting := [each for each in _REWRITING if each in names_used(function)]:
            return (
                f"no error was raised: does `{rewriting[0]}` make another string of this one, which the check accepts?"
            )
        return f"no error was raised: does the check let this input through ({_GAPS}, `in` with one long string)?"
    return f"no error was raised: does the check let this input through ({_GAPS})?"


def _is_silent(function: Callable[..., object], error: type[Exception]) -> bool:
    """Tell whether a function cannot raise an error itself, since its code does not name it."""
    return error.__name__ not in names_used(function)
