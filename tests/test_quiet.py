"""TensorFlow's start-up log stays off the screen, its errors do not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

NOISY = 'import os, sys\nos.write(2, b"native noise")\nprint("python noise", file=sys.stderr, flush=True)\n'


def run(code: str, path: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a separate process; `path` may hold a package that plays TensorFlow."""
    variables = {
        name: value
        for name, value in os.environ.items()
        if name not in ("TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS")
    }
    variables["PYTHONPATH"] = os.pathsep.join(map(str, filter(None, (path, ROOT))))
    return subprocess.run(
        [sys.executable, "-c", code], env=variables | environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    """A TensorFlow that is noisy, and a part of it that cannot be imported."""
    package = tmp_path / "tensorflow"
    package.mkdir()
    (package / "__init__.py").write_text(
        f"{NOISY}import os\nif os.environ.get('BREAK'):\n    raise OSError('no library')\n"
    )
    (package / "part.py").write_text("value = 1\n")
    return tmp_path


def test_tensorflow_starts_without_a_word() -> None:
    done = run("import course_lib, tensorflow as tf\nprint(int(tf.reduce_sum(tf.ones(3))))")
    assert (done.returncode, done.stdout, done.stderr) == (0, "3\n", "")


def test_native_noise_is_dropped_once_the_library_is_there(fake: Path) -> None:
    assert run("import tensorflow", fake).stderr == "native noisepython noise\n"
    assert run("import course_lib, tensorflow", fake).stderr == ""


def test_what_comes_after_the_import_is_heard(fake: Path) -> None:
    done = run(f"import course_lib, tensorflow\nimport tensorflow.part\nprint(tensorflow.part.value)\n{NOISY}", fake)
    assert (done.stdout, done.stderr) == ("1\n", "native noisepython noise\n")


def test_a_failed_import_still_says_why(fake: Path) -> None:
    done = run("import course_lib\nimport tensorflow", fake, BREAK="yes")
    assert done.returncode == 1
    assert done.stderr.endswith("OSError: no library\n")
    assert "noise" not in done.stderr.partition("Traceback")[0]


def test_a_missing_tensorflow_is_missed(tmp_path: Path) -> None:
    hide = "import sys\nsys.path = [folder for folder in sys.path if 'site-packages' not in folder]\n"
    done = run(f"import course_lib\n{hide}import tensorflow")
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'tensorflow'\n")


def test_the_hook_leaves_with_the_first_import(fake: Path) -> None:
    code = "import sys, course_lib\nbefore = len(sys.meta_path)\nimport tensorflow\nprint(before - len(sys.meta_path))"
    assert run(code, fake).stdout == "1\n"
    after = "import sys, tensorflow\nbefore = list(sys.meta_path)\nimport course_lib\nprint(sys.meta_path == before)"
    assert run(after, fake).stdout == "True\n"


@pytest.mark.parametrize(("set_by_user", "level"), [({}, "3"), ({"TF_CPP_MIN_LOG_LEVEL": "0"}, "0")])
def test_a_level_that_the_user_set_stays(set_by_user: dict[str, str], level: str) -> None:
    code = "import os, course_lib\nprint(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    assert run(code, None, **set_by_user).stdout == f"{level}\n"


@pytest.mark.parametrize(("set_by_user", "expected"), [({}, "1"), ({"TF_ENABLE_ONEDNN_OPTS": "0"}, "0")])
def test_onednn_is_used_on_every_processor(set_by_user: dict[str, str], expected: str) -> None:
    code = "import os, course_lib\nprint(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    assert run(code, None, **set_by_user).stdout == f"{expected}\n"


@pytest.mark.parametrize(("before", "expected"), [("gc.enable()", "False True\n"), ("gc.disable()", "False False\n")])
def test_garbage_waits_until_the_import_is_over(tmp_path: Path, before: str, expected: str) -> None:
    (tmp_path / "tensorflow.py").write_text("import gc\nprint(gc.isenabled(), end=' ')\n")
    assert (
        run(f"import gc\n{before}\nimport course_lib, tensorflow\nprint(gc.isenabled())", tmp_path).stdout == expected
    )


def test_garbage_is_collected_again_after_a_failed_import(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text("raise OSError('no library')\n")
    code = "import contextlib, gc, course_lib\nwith contextlib.suppress(OSError):\n    import tensorflow\n"
    assert run(f"{code}print(gc.isenabled())", tmp_path).stdout == "True\n"
