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
        Whose ``work`` folder becomes the root.
    unit : str, optional
        Whole name of the unit to open; by default, what was open last.
    options : sequence of str
        More options for JupyterLab.

    Returns
    -------
    list of str
        The program and its arguments.
    """
    # The root is given by itself: JupyterLab would take the folder of a notebook named on the command line for it.
    settings = {
        "ServerApp.root_dir": course.work,
        "LabApp.default_url": f"/lab/tree/{unit}/{unit}.ipynb" if unit else "/lab",
        # Which tabs are open is kept for each root; JupyterLab itself would keep one list for all of them.
        "LabApp.workspaces_dir": course.work / ".jupyterlab" / "workspaces",
        # Named, or a login shell may be started, which loses the path to `course`; see `environment`.
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
        The present one, with the configuration for learners in front of the user's own, which stays as it is, and
        with ``course`` on the path of terminals and notebooks.
    """
    variables = dict(os.environ)
    for name, first in (("JUPYTER_CONFIG_PATH", CONFIG), ("PATH", Path(sys.executable).parent)):
        variables[name] = os.pathsep.join(filter(None, [str(first), variables.get(name)]))
    return variables
