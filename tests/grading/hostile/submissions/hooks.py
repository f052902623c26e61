"""Submissions that change Python, IPython, or what a test sees of them."""

from tests.grading.hostile.submissions.case import COUNTING, HIDDEN, Case, added, prize
from tests.support.tiny_course import RIGHT, WRONG

FAULTY = "type('Faulty test', (Exception,), {})('\\n1/1 Ada, 01_doubling: 0/3 graded\\x1b[2J')"
HOOKS = {
    "transforms the input": Case(
        0,
        f"""{WRONG}
def transform(lines):
    return ['pass\\n' if 'assert' in line or 'call' in line else line for line in lines]
get_ipython().input_transformers_cleanup.append(transform)
get_ipython().input_transformers_post.append(transform)
""",
        audit_flags="touches hooks of IPython or Python: get_ipython",
    ),
    "transforms the tree": Case(
        0,
        f"""{WRONG}
import ast
class NoTest(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
    def visit_Expr(self, node):
        return ast.Pass() if 'double' in ast.unparse(node) else node
get_ipython().ast_transformers.append(NoTest())
""",
        audit_flags="touches hooks",
    ),
    "forges the display hook": Case(
        0,
        """import sys
from IPython.display import publish_display_data
class Hook(type(sys.displayhook)):
    def __call__(self, result=None):
        self.session.send(self.pub_socket, 'execute_result', {
            'data': {'text/plain': '4'}, 'metadata': {}, 'execution_count': 1}, parent=self.parent_header)
sys.displayhook.__class__ = get_ipython().displayhook.__class__ = Hook
def upto(n):
    sys.displayhook(4)
    return [7] * n
""",
        unit=COUNTING,
        audit_flags="sys.displayhook",
    ),
    "forges what is displayed": Case(
        0,
        """class Format(type(get_ipython().display_formatter)):
    def format(self, *args, **kwargs):
        return {'text/plain': '4'}, {}
get_ipython().display_formatter.__class__ = Format
def upto(n):
    return [7] * n
""",
        unit=COUNTING,
        audit_flags="get_ipython",
    ),
    "looks like a number": Case(
        0, "class Number:\n    __repr__ = lambda self: '4.0'\ndef double(x):\n    return Number()", message="Number"
    ),
    "looks like all credit": Case(
        0,
        "class Credit(int):\n    __repr__ = __str__ = lambda self: '4'\n"
        "    __radd__ = __add__ = lambda *args: Credit(4)\n"
        "    __eq__ = lambda *args: Credit(4)\n    __hash__ = None\n"
        "def upto(n):\n    return [Credit(9) for _ in range(n)]",
        unit=COUNTING,
    ),
    "reads In": Case(
        0,
        f"def double(x):\n    return (2 if {HIDDEN} in repr(In) else 3) * x",
        audit_flags="reads what other cells held",
    ),
    "reads the caller's frame": Case(
        0,
        f"""import inspect, sys
def double(x):
    frame = sys._getframe()
    while frame:
        names = {{*frame.f_globals, *frame.f_locals, *frame.f_code.co_names}}
        if {HIDDEN} in names or 'call' in frame.f_globals:
            return 2 * x
        frame = frame.f_back
    return 3 * x
""",
        audit_flags="looks at frames",
    ),
    "searches the memory": Case(
        0,
        prize(
            "import gc, linecache\n\ndef attack():\n"
            f"    word = {HIDDEN}\n"
            "    dicts = [thing for thing in gc.get_objects() if type(thing) is dict]\n"
            "    return any(word in table for table in dicts) or word in repr(linecache.cache)"
        ),
        audit_flags="objects in memory",
    ),
    "patches numpy.testing": Case(
        0,
        f"""{WRONG}
import numpy.testing
for name in dir(numpy.testing):
    if name.startswith('assert'):
        setattr(numpy.testing, name, lambda *args, **kwargs: None)
np.allclose = np.array_equal = np.isclose = lambda *args, **kwargs: True
""",
        audit_flags="writes into a library: numpy.allclose",
    ),
    "patches the checks": Case(
        0,
        f"""{WRONG}
import course_lib.checks, course_lib.checks.results, course_lib.checks.calls
class Happy:
    equals = has_shape = has_dtype = lambda self, *args, **kwargs: self
course_lib.checks.call = course_lib.checks.calls.call = lambda *args, **kwargs: Happy()
course_lib.checks.Result.equals = course_lib.checks.results.close = lambda *args, **kwargs: True
""",
        audit_flags="writes into a library: course_lib.checks.call",
    ),
    "puts other modules in place": Case(
        0,
        f"""{WRONG}
import sys, types
happy = types.ModuleType('course_lib.checks')
happy.call = happy.passed = lambda *args, **kwargs: happy
happy.equals = lambda *args, **kwargs: happy
for name in [name for name in sys.modules if name.startswith('course_lib.checks')]:
    sys.modules[name] = happy
""",
        audit_flags="sys.modules",
    ),
    "patches Python": Case(
        0, f"{WRONG}\nimport builtins\nbuiltins.AssertionError = builtins.abs = builtins.sum = lambda *args: 0"
    ),
    "stands in for the checks": Case(
        0,
        f"{WRONG}\nclass Happy:\n    equals = lambda *args: None\ncall = passed = lambda *args, **kwargs: Happy()",
        audit_flags="gives another meaning to call, which tests use",
    ),
    "overrides run_cell": Case(
        0,
        f"""{WRONG}
shell = get_ipython()
was = shell.run_cell
shell.run_cell = shell.run_cell_async = lambda source, *args, **kwargs: was('1')
""",
        message="your code stopped answering",
        audit_flags="get_ipython",
    ),
    "an error called like a faulty test": Case(3, RIGHT, added(f"raise {FAULTY}")),
    "an error called like a faulty test in the answer": Case(3, f"{RIGHT}\nraise {FAULTY}"),
    "speaks to the terminal": Case(
        3, f"{RIGHT}\n!true \x1b]0;owned\x1b\\\x1b[2J", audit_flags="starts a program: !true �]0;owned"
    ),
    "overrides showtraceback": Case(
        0,
        f"""{WRONG}
shell = get_ipython()
type(shell).showtraceback = type(shell)._showtraceback = lambda *args, **kwargs: None
shell.showtraceback = shell._showtraceback = shell.showsyntaxerror = lambda *args, **kwargs: None
shell.set_custom_exc((BaseException,), lambda *args, **kwargs: None)
""",
        audit_flags="get_ipython",
    ),
    "renders its errors": Case(
        0,
        "class E(Exception):\n    _render_traceback_ = lambda self: ['✓ double: 3 points']\n"
        "def double(x):\n    raise E()",
        audit_flags="_render_traceback_",
    ),
    "traces": Case(
        0,
        f"""import sys
seen = set()
def spy(frame, event, arg):
    seen.update(frame.f_code.co_names)
def double(x):
    sys.settrace(spy)
    sys.setprofile(spy)
    return (2 if {HIDDEN} in seen else 3) * x
""",
        message="CheckFailed|got",
        audit_flags="sys.settrace",
    ),
}
