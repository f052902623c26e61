"""JupyterLab for learners: rooted in ``work/``, and without what only an instructor needs."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from course_lib.course import Course
from course_lib.files import write_aside

CONFIG = Path(__file__).resolve().parent / "lab_config"
WORKSPACES = Path(".jupyterlab") / "workspaces"
DEFAULT = "default-37a8.jupyterlab-workspace"  # the file of the workspace that JupyterLab opens by itself


def open_at_first_start(course: Course, unit: str) -> bool:
    """Let JupyterLab open a unit, with the list of files at the root, where all units are.

    At a URL that names a notebook, the list begins at the notebook's folder, where no other unit can be seen.
    (``file-browser-path`` in that URL would prevent it, but then the link that JupyterLab prints lacks its token.)

    Parameters
    ----------
    course : Course
        The course whose ``work`` folder is the root.
    unit : str
        Full name of the unit.

    Returns
    -------
    bool
        False if JupyterLab was used before: the tabs that were open then are not changed.
    """
    path = course.work / WORKSPACES / DEFAULT
    if path.exists():
        return False
    notebook = f"{unit}/{unit}.ipynb"
    tab = f"notebook:{notebook}"
    layout = {
        "main": {"dock": {"type": "tab-area", "currentIndex": 0, "widgets": [tab]}, "current": tab},
        "left": {"collapsed": False, "visible": True, "current": "filebrowser", "widgets": ["filebrowser"]},
        "relativeSizes": [0.2, 0.8, 0],  # of the window's width
    }
    data = {
        "layout-restorer:data": layout,
        tab: {"data": {"path": notebook, "factory": "Notebook"}},
        "file-browser-filebrowser:cwd": {"path": ""},
    }
    write_aside(path, json.dumps({"data": data, "metadata": {"id": "default"}}))
    return True


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
        "LabApp.workspaces_dir": course.work / WORKSPACES,
        # Named explicitly: otherwise a login shell may be started, which loses the path to `course`; see `environment`.
        "ServerApp.terminado_settings": {"shell_command": [os.environ.get("SHELL", "sh")]},
        # ipykernel warns in the terminal if others on the same machine could listen.
        "KernelManager.transport_encryption": "auto",
        # By default, JupyterLab logs each part that it loads, and warns that a new notebook is not trusted.
        "Application.log_level": "ERROR",
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
