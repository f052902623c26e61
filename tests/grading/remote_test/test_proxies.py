"""A test gets from a function in another process what it would get from that function itself."""

import copy
import inspect
import math
import re
import socket
import threading
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.checks import CheckFailed, call, forbid_names, raises
from course_lib.checks.describe import describe
from course_lib.grading.remote_test import proxies
from course_lib.grading.remote_test.reconstruct import error_of, signature_of
from course_lib.grading.remote_test.run_test import SERVE
from course_lib.grading.remote_test.session import Session, StoppedTestError
from tests.support.bare_kernel import BareKernel
from tests.support.learner import learner, message_of

pytestmark = pytest.mark.slow

KINDS = """
class Flow:
    def __init__(self, points):
        self.points, self.taken = points, 0
    def __len__(self):
        return len(self.points)
    def __iter__(self):
        for point in self.points:
            self.taken += 1
            yield point
    def __getitem__(self, key):
        return self.points[key]
    def join(self, other):
        return Flow([*self.points, *other.points])
    def apply(self, function):
        return Flow([function(point) for point in self.points])
class Plain:
    pass
def double(x):
    return 2 * x
def endless():
    while True:
        yield 1
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[BareKernel]:
    """A second process."""
    with BareKernel() as kernel:
        yield kernel


class Opened:
    """A test's view of a second process: names that a cell defines there."""

    def __init__(self, kernel: BareKernel, used: Callable[[str], set[str]] = lambda name: set()) -> None:
        ours, theirs = socket.socketpair()
        ours.settimeout(0.1)
        with theirs:
            socket.send_fds(kernel.channel, [b"t"], [theirs.fileno()])
        kernel.begin(SERVE)
        self.kernel, self.session = kernel, Session(ours, lambda: None, used, lambda _: False)

    def name(self, name: str) -> Any:
        return self.session.ask("name", name)

    def close(self) -> None:
        self.session.close()
        assert self.kernel.finish() == []


@pytest.fixture
def there(kernel: BareKernel) -> Iterator[Callable[..., Any]]:
    """Run a cell in the second process, and get what one of its names stands for."""
    opened: list[Opened] = []

    def define(code: str, name: str = "f") -> Any:
        if opened:
            opened.pop().close()
        assert kernel.run_cell(code) == []
        opened.append(Opened(kernel))
        return opened[0].name(name)

    yield define
    if opened:
        opened.pop().close()


def both(there: Callable[..., Any], code: str, check: Callable[[Any], object]) -> tuple[str, str]:
    """What a check says of a function in this process, and of the same in the other."""
    code = f"import numpy as np\n{code}"
    return message_of(lambda: check(learner(code))), message_of(lambda: check(there(code)))


RAISING = {
    "words": "def f(x):\n    y = {}\n    return y['a']  # here",
    "of a helper": "def g(x):\n    return 1 / 0\ndef f(x):\n    return g(x)",
    "none": "def f(x):\n    raise ValueError",
    "a class of its own": "class Odd(ValueError):\n    pass\ndef f(x):\n    raise Odd('odd')",
    "of NumPy": "def f(x):\n    return np.linalg.inv(np.zeros((2, 2)))",
    "an assertion": "def f(x):\n    assert x is None, 'no'",
    "with other arguments": "def f(x):\n    b'\\xff'.decode()",
    "memory": "def f(x):\n    raise MemoryError",
    "unprintable": "class Odd(Exception):\n    def __str__(self):\n        return 'a\\ud800'.replace('\\ud800', '?')\n"
    "def f(x):\n    raise Odd",
    "recursion": "def f(x):\n    return f(x)",
    "stop": "def f(x):\n    raise StopIteration(3)",
    "nothing returned": "def f(x):\n    pass",
    "changed input": "def f(x):\n    x += 1\n    return x",
    "another signature": "def f(x, y: np.ndarray, *more: int, z=np.float32(1), **rest) -> 'str':\n    return x",
    "wrong values": "def f(x):\n    return x + 1",
    "wrong shape": "def f(x):\n    return x[None].astype(np.float16)",
    "a generator": "def f(x):\n    yield 1",
    "a function": "def f(x):\n    return f",
    "a class": "class A:\n    pass\ndef f(x):\n    return A",
    "words instead": "def f(x):\n    return 'words'",
    "a lambda": "f = lambda x: None",
    "no function": "f = 3",
    "no function but an array": "f = np.zeros((7, 8))",
}


@pytest.mark.parametrize("code", RAISING.values(), ids=RAISING)
def test_what_goes_wrong_is_told_in_the_same_words(there: Callable[..., Any], code: str) -> None:
    here, other = both(there, code, lambda f: call(f, np.array([1.0, 2.0])).equals([1.0, 2.0]))
    address = re.compile("0x[0-9a-f]+")
    assert address.sub("", other) == address.sub("", here)


@pytest.mark.parametrize("name", ["words", "a class of its own", "none", "wrong values", "a function", "no function"])
def test_raises_tells_the_same(there: Callable[..., Any], name: str) -> None:
    here, other = both(there, RAISING[name], lambda f: raises(TypeError, f, 1.0))
    assert other == here


def test_bad_input_is_refused_with_the_right_class(there: Callable[..., Any]) -> None:
    f = there(
        "class Odd(ValueError):\n    pass\ndef f(x):\n    raise (Odd if x else ValueError)(f'expected 1, got {x}')"
    )
    raises(ValueError, f, 0)
    raises(ValueError, f, 3)
    with pytest.raises(ValueError, match="expected 1, got 3") as raised:
        f(3)
    assert type(raised.value).__name__ == "Odd"


def test_what_is_not_written_yet_stays_so(there: Callable[..., Any]) -> None:
    f = there("def f(x):\n    # Your code here.\n    raise NotImplementedError")
    with pytest.raises(NotImplementedError) as raised:
        call(f, 1)
    (line,) = raised.value._render_traceback_()  # type: ignore[attr-defined]
    assert "f is not written yet" in line


@pytest.mark.parametrize(
    ("code", "argument"),
    [
        ("def f(x):\n    x += 1\n    return 0", np.zeros(3)),
        ("def f(x):\n    x[0] = 5\n    return 0", [1, 2]),
        ("def f(x):\n    x.append(1)\n    return 0", [1, 2]),
        ("def f(x):\n    x.clear()\n    return 0", [1, 2]),
        ("def f(x):\n    x['a'] = 1\n    return 0", {}),
        ("def f(x):\n    del x['a']\n    return 0", {"a": 2, "b": 3}),
        ("def f(x):\n    x['a'][0][1] = 0\n    return 0", {"a": (np.ones(2), 1)}),
        ("def f(x):\n    x.shape = (3, 1)\n    return 0", np.zeros(3)),
        ("def f(x):\n    x.add(3)\n    return 0", {1}),
    ],
)
def test_a_changed_input_is_changed_here_as_well(there: Callable[..., Any], code: str, argument: Any) -> None:
    here, given = copy.deepcopy(argument), copy.deepcopy(argument)
    assert learner(code)(here) == there(code)(given) == 0
    assert repr(given) == repr(here) != repr(argument)


def test_what_is_inside_of_a_changed_input_stays_the_same_object(there: Callable[..., Any]) -> None:
    array, numbers = np.ones(2), [1, 2]
    f = there("def f(x, *, y):\n    x['a'][0][1] = 0\n    y.append(x['b'].pop())\n    return 0")
    f({"a": (array, 1), "b": numbers}, y=(more := [0]))
    assert (array.tolist(), numbers, more) == ([1, 0], [1], [0, 2])


def test_an_input_that_must_not_change_cannot(there: Callable[..., Any]) -> None:
    x = np.zeros(2)
    x.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        there("def f(x):\n    x += 1")(x)


def test_a_variable_is_assigned_here_as_well(there: Callable[..., Any]) -> None:
    import tensorflow as tf

    variable = tf.Variable([1.0, 2.0])
    there("def f(v):\n    v.assign_add([1.0, 1.0])")(variable)
    assert variable.numpy().tolist() == [2.0, 3.0]


@pytest.mark.parametrize("value", [1, 2.5, "a", None, True, b"x", [1, (2,)], {"a": {1}}, slice(1, 2), ..., 1j])
def test_plain_data_goes_and_comes(there: Callable[..., Any], value: object) -> None:
    back = there("def f(x):\n    return x")(value)
    assert back == value
    assert type(back) is type(value)


def test_objects_are_made_asked_and_iterated(there: Callable[..., Any]) -> None:
    make = there(KINDS, "Flow")
    flow = make([[1, np.arange(2)], [2, np.arange(3)]])
    assert (len(flow), flow.taken, flow[0][0], flow[-1][1].tolist()) == (2, 0, 1, [0, 1, 2])
    assert [point[0] for point in flow] == [1, 2]
    assert flow.taken == 2
    assert [point[0] for point in flow.join(make([[3]]))] == [1, 2, 3]
    iterator = iter(flow)
    assert next(iterator)[0] == 1
    assert next(iterator)[0] == 2
    with pytest.raises(StopIteration):
        next(iterator)
    assert flow.join is not None
    with pytest.raises(AttributeError, match="'Flow' object has no attribute 'length'"):
        _ = flow.length
    assert getattr(flow, "length", 7) == 7
    with pytest.raises(IndexError, match="list index out of range"):
        flow[5]


def test_functions_and_objects_arrive_as_themselves(there: Callable[..., Any]) -> None:
    opened: Any = there(KINDS, "Flow").remote_session
    make, double = opened.ask("name", "Flow"), opened.ask("name", "double")
    assert list(make([1, 2]).apply(double)) == [2, 4]
    assert list(make([1.0, 4.0]).apply(np.sqrt)) == [1.0, 2.0]
    flow = make([1])
    assert make([flow])[0] is flow
    assert opened.ask("call", double, (np.float32(1.5),), {}) == 3.0


def test_a_function_of_the_test_cannot_go(there: Callable[..., Any]) -> None:
    f = there("def f(g):\n    return g(1)")
    with pytest.raises(
        StoppedTestError, match="a test hands over plain data and what the notebook defines, not a function"
    ):
        f(lambda x: x)


def test_an_object_can_do_what_its_class_can(there: Callable[..., Any]) -> None:
    opened = there(KINDS, "Flow").remote_session
    flow, plain, double = (opened.ask("name", "Flow")([1]), opened.ask("name", "Plain")(), opened.ask("name", "double"))
    methods = ("__call__", "__iter__", "__next__", "__len__", "__getitem__")
    has = [[hasattr(thing, method) for method in methods] for thing in (flow, plain, double, iter(flow))]
    assert has == [
        [False, True, False, True, True],
        [False, False, False, False, False],
        [True, False, False, False, False],
        [False, True, True, False, False],
    ]
    assert [type(thing).__name__ for thing in (flow, plain, double, iter(flow))] == [
        "Flow",
        "Plain",
        "function",
        "generator",
    ]
    assert (double.__name__, describe(double), describe(opened.ask("name", "Flow"))) == (
        "double",
        "the function double",
        "the class Flow",
    )


def test_signatures_read_the_same(there: Callable[..., Any]) -> None:
    code = (
        "import numpy as np\n"
        "def f(a, /, b: int, c: np.ndarray = None, *d: 'text', e=2.5, f: list[int] = [1], **g) -> tuple[int, ...]:\n"
        "    return 0"
    )
    here, other = inspect.signature(learner(code)), inspect.signature(there(code))
    assert str(other) == str(here)
    assert other.bind(1, 2, 3, 4, e=5).arguments == here.bind(1, 2, 3, 4, e=5).arguments
    assert str(inspect.signature(there("class f:\n    def __init__(self, x, y=1):\n        pass"))) == "(x, y=1)"


def test_a_proxy_is_no_number_and_equals_itself_alone(there: Callable[..., Any]) -> None:
    proxy = there(
        "class Evil:\n"
        "    __hash__ = None\n"
        "    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = lambda self, other: True\n"
        "    __bool__ = lambda self: True\n"
        "    __float__ = lambda self: 1.0\n"
        "    __int__ = __index__ = __len__ = lambda self: 1\n"
        "    __add__ = __radd__ = __sub__ = __rsub__ = lambda self, other: 0\n"
        "    __array__ = lambda self, *args, **kwargs: __import__('numpy').ones(2)\n"
        "    __array_ufunc__ = lambda self, *args, **kwargs: True\n"
        "    __array_function__ = lambda self, *args, **kwargs: True\n"
        "    __instancecheck__ = lambda self, other: True\n"
        "    __getitem__ = lambda self, key: 1.0\n"
        "f = Evil()"
    )
    ones = np.ones(2)
    for other in (1, 1.0, "a", None, True, [1], ones, np.float64(1), proxy.__class__):
        for equal in (proxy == other, other == proxy):
            assert equal is False or (isinstance(equal, np.bool_) and not equal)
    assert proxy == proxy  # noqa: PLR0124
    assert proxy not in [1.0, "a"]
    assert repr(proxy) == str(proxy) == f"{proxy}" == "<Evil of the notebook>"
    for convert in (
        np.asarray,
        lambda proxy: np.array([proxy, 1.0]),
        lambda proxy: np.allclose(proxy, 1),
        lambda proxy: np.testing.assert_allclose(proxy, 1),
        lambda proxy: np.add(proxy, 1),
        np.sum,
        float,
        int,
        math.sqrt,
        lambda proxy: proxy < 1,
        lambda proxy: proxy + 1,
        lambda proxy: ones - proxy,
        lambda proxy: [0][proxy],
        lambda proxy: isinstance(1, proxy),
        lambda proxy: f"{proxy:.3f}",
    ):
        with pytest.raises((TypeError, ValueError)):
            convert(proxy)
    with pytest.raises(TypeError, match="expected True or False, got something of type Evil"):
        assert proxy
    with pytest.raises(TypeError, match="expected numbers, got something of type Evil"):
        np.asarray(proxy)
    with pytest.raises(AttributeError, match="a test may not set x"):
        proxy.x = 3
    assert copy.deepcopy([proxy])[0] is copy.copy(proxy) is proxy


def test_a_check_fetches_the_numbers_that_an_object_holds_and_compares_those(there: Callable[..., Any]) -> None:
    """As in the notebook, where a check takes what NumPy can read: a deque, a picture, an array of another library."""
    f = there("class Ones:\n    __array__ = lambda self, *args, **kwargs: __import__('numpy').ones(2)\nf = Ones()")
    call(lambda: f).has_shape(2).equals([1.0, 1.0])
    with pytest.raises(CheckFailed, match="got"):
        call(lambda: f).equals([1.0, 2.0])
    for array in ("'text'", "object()", "__import__('numpy').array([object()])"):
        f = there(f"class Other:\n    __array__ = lambda self, *args, **kwargs: {array}\nf = Other()")
        with pytest.raises(CheckFailed, match="there are no numbers"):
            call(lambda: f).equals([1.0, 1.0])  # noqa: B023  (called at once)


def test_values_of_hostile_subclasses_come_as_numbers(there: Callable[..., Any]) -> None:
    f = there(
        "import numpy as np\n"
        "class A(np.ndarray):\n    __eq__ = __array_ufunc__ = lambda *args, **kwargs: True\n"
        "class F(float):\n    __eq__ = lambda self, other: True\n    __bool__ = lambda self: True\n"
        "class S(str):\n    __hash__ = str.__hash__\n    __eq__ = lambda self, other: True\n"
        "def f():\n    return [np.zeros(2).view(A), F(0), S('a'), {S('k'): F(1)}]"
    )
    array, number, text, table = f()
    assert [type(value) for value in (array, number, text, table, *table)] == [np.ndarray, float, str, dict, str]
    assert not number
    assert not (array == 1).any()
    assert text != "b"


def test_an_iterator_without_end_is_bounded(there: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    endless = there(KINDS, "endless")
    assert list(islice(endless(), 5)) == [1] * 5
    monkeypatch.setattr(proxies, "MAX_ITEMS", 50)
    with pytest.raises(CheckFailed, match="50 items came, and no end"):
        list(endless())


@pytest.mark.parametrize(
    "code",
    ["def f():\n    x = []\n    x.append(x)\n    return x", "def f():\n    return list(range(10**6))"],
)
def test_what_is_too_deep_or_too_much_is_an_error_of_the_function(there: Callable[..., Any], code: str) -> None:
    f = there(code)
    with pytest.raises(CheckFailed, match=r"your function raised ValueError: expected .*at most"):
        call(f)


def test_what_nobody_holds_any_more_is_let_go(there: Callable[..., Any]) -> None:
    make = there(
        "gone = []\nclass f:\n    def __init__(self, n):\n        self.n = n\n"
        "    def __del__(self):\n        gone.append(self.n)"
    )
    session = make.remote_session
    kept, lost = make(1), make(2)
    assert session.ask("name", "gone") == []
    del lost
    assert session.ask("name", "gone") == [2]
    assert kept.n == 1
    holder = [kept]
    del kept
    assert session.ask("name", "gone") == [2]
    assert holder[0].n == 1


def test_an_object_that_was_let_go_can_come_again(there: Callable[..., Any]) -> None:
    make = there("class A:\n    n = 5\na = A()\ndef f():\n    return a")
    for _ in range(3):
        assert make().n == 5
        first, second = make(), make()
        assert first is second
        del first, second


ALIASES = {
    "one array": "def f():\n    x = np.zeros(2)\n    for n in range(3):\n        x += 1\n        yield x",
    "one list": "def f():\n    x = []\n    for n in range(3):\n        x.append(n)\n        yield x",
    "one dict": "def f():\n    x = {}\n    for n in range(3):\n        x[n] = n\n        yield x",
    "an array in new lists": "def f():\n    x = np.zeros(2)\n    for n in (1, 2):\n        x += 1\n        yield [x]",
    "other arrays": "def f():\n    for n in range(3):\n        yield np.full(2, n)",
    "a view that grows": "def f():\n    x = np.arange(9)\n    for n in range(3):\n        yield x[:n]",
    "twice at once": "def f():\n    x = [1]\n    yield [x, x]\n    x.append(2)\n    yield [x]",
}


@pytest.mark.parametrize("code", ALIASES.values(), ids=ALIASES)
def test_what_is_yielded_again_is_the_same_object(there: Callable[..., Any], code: str) -> None:
    code = f"import numpy as np\n{code}"
    here, other = list(learner(code)()), list(there(code)())
    assert repr(other) == repr(here)
    assert [[a is b for a in other] for b in other] == [[a is b for a in here] for b in here]


def test_many_arrays_are_not_kept(there: Callable[..., Any]) -> None:
    f = there(
        "import weakref\nimport numpy as np\nmade = []\n"
        "def f(n):\n    x = np.zeros(n)\n    made.append(weakref.ref(x))\n    return x\n"
        "def alive():\n    return sum(made() is not None for made in made)"
    )
    alive = f.remote_session.ask("name", "alive")
    for _ in range(30):
        f(777)
    assert alive() <= 1


def test_a_thread_may_wait_for_an_answer(there: Callable[..., Any]) -> None:
    f = there("import time\ndef f(x):\n    time.sleep(0.01)\n    return x")
    answers: dict[int, object] = {}
    threads = [threading.Thread(target=lambda n=n: answers.update({n: f(n)})) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: n for n in range(8)}


def test_own_work_reads_the_live_function_too(kernel: BareKernel) -> None:
    """It may be another one than the cells tell."""
    kernel.run_cell("resize = abs\ndef f(x):\n    return resize(x)\ndef g(x):\n    return x")
    opened = Opened(kernel, {"f": set(), "g": set()}.__getitem__)
    forbid_names(opened.name("g"), "resize")
    with pytest.raises(CheckFailed, match="uses `resize`, which the statement does not allow"):
        forbid_names(opened.name("f"), "resize")
    opened.close()


@pytest.mark.parametrize("said", ["None", "7", "{'resize': 1}", "[None, 7, ['resize'], lambda: 0]", "'resize'"])
def test_a_process_that_does_not_tell_names_takes_none_away(kernel: BareKernel, said: str) -> None:
    kernel.run_cell("def f(x):\n    return x")
    kernel.run_cell(f"import course_lib.grading.remote_test.agent as agent\nagent.sorted = lambda names: {said}")
    opened = Opened(kernel, {"f": {"rescale"}}.__getitem__)
    forbid_names(opened.name("f"), "resize")
    with pytest.raises(CheckFailed, match="uses `rescale`"):
        forbid_names(opened.name("f"), "rescale")
    opened.close()


def test_own_work_reads_the_cells_and_not_the_process(kernel: BareKernel) -> None:
    kernel.run_cell("class f:\n    def go(self):\n        return self")
    opened = Opened(kernel, {"f": {"resize"}}.__getitem__)
    for thing in (opened.name("f"), opened.name("f")(), opened.name("f")().go, opened.name("f")().go()):
        with (
            pytest.raises(CheckFailed, match="uses `resize`, which the statement does not allow")
            if callable(thing)
            else pytest.raises(CheckFailed, match="your function is gone")
        ):
            forbid_names(thing, "rescale", "resize")
    opened.close()


@pytest.mark.parametrize(
    ("names", "base"),
    [
        (["KeyError", "LookupError", "Exception"], KeyError),
        (["Odd", "ZeroDivisionError", "Exception"], ZeroDivisionError),
        (["CheckFailed", "AssertionError", "Exception"], AssertionError),
        (["CheckFailed"], Exception),
        (["SystemExit", "BaseException"], Exception),
        (["KeyboardInterrupt", "BaseException"], Exception),
        (["GeneratorExit"], Exception),
        (["StoppedTestError", "BaseException"], Exception),
        (["ExceptionGroup", "BaseExceptionGroup"], Exception),
        (["UnicodeDecodeError", "UnicodeError", "ValueError"], UnicodeDecodeError),
        (["OSError"], OSError),
    ],
)
def test_an_error_is_one_of_pythons_own_that_end_no_program(names: list[object], base: type[Exception]) -> None:
    error = error_of(names, "it's 'quoted'", None)
    assert isinstance(error, base)
    assert isinstance(error, Exception)
    assert not isinstance(error, CheckFailed | StoppedTestError)
    assert type(error).__name__ == names[0]
    assert str(error) == "it's 'quoted'"
    assert not hasattr(error, "_render_traceback_")


@settings(deadline=None)
@given(
    st.lists(st.text() | st.integers() | st.none()),
    st.text(),
    st.none() | st.tuples(st.text(), st.integers(), st.text()),
)
def test_an_error_with_any_name_is_an_error(names: list[object], message: str, line: object) -> None:
    error = error_of(names, message, line)
    assert isinstance(error, Exception)
    assert type(error).__name__.isidentifier()
    assert str(error) == message[:10_000]


@settings(deadline=None)
@given(st.recursive(st.none() | st.text() | st.integers() | st.booleans(), lambda x: st.lists(x) | st.tuples(x, x)))
def test_no_signature_breaks_a_test(told: object) -> None:
    signature = signature_of(told)
    assert signature is None or str(signature).startswith("(")
