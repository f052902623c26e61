"""JupyterLab for learners: rooted in ``work/``, and without what only an instructor needs."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from course_lib.course import Course

CONFIG = Path(__file__).resolve().parent / "lab_config"


def command(course: Course, unit: str | None, options: Sequence[str] = ()) -> list[str]:
    """Write the command that starts JupyterLab on a learner's own copies.

    Parameters
    ----------
    course : Course
        The course whose ``work`` folder becomes the root.
    unit : str, optional
        Full name of the unit to open; by default, JupyterLab opens what was open last.
    options : sequence of str
        More options for JupyterLab.

    Returns
    -------
    list of str
        The program and its arguments.
    """
    # The root is given explicitly: otherwise JupyterLab would use the folder of the notebook on the command line.
    settings = {
        "ServerApp.root_dir": course.work,
        "LabApp.default_url": f"/lab/tree/{unit}/{unit}.ipynb" if unit else "/lab",
        # Which tabs are open is kept for each root; JupyterLab itself would keep one list for all of them.
        "LabApp.workspaces_dir": course.work / ".jupyterlab" / "workspaces",
        # Named explicitly: otherwise a login shell may be started, which loses the path to `course`; see `environment`.
        "ServerApp.terminado_settings": {"shell_command": [os.environ.get("SHELL", "sh")]},
    }
    return [
        *(sys.executable, "-m", "jupyterlab"),
        *(f"--{name}={value}" for name, value in settings.items()),
        *options,
    ]


def environment() -> dict[str, str]:
    """Describe the environment of that command.

    Returns
    -------
    dict of str to str
        The current environment, with the configuration for learners before the user's own, which is not changed, and
        with ``course`` on the path of terminals and notebooks.
    """
    variables = dict(os.environ)
    for name, first in (("JUPYTER_CONFIG_PATH", CONFIG), ("PATH", Path(sys.executable).parent)):
        variables[name] = os.pathsep.join(filter(None, [str(first), variables.get(name)]))
    return variables
