"""The first cell of a notebook on Colab: it checks versions, and installs the course once in a session."""

import re
import textwrap
from importlib import metadata

from course_lib.doctor import PYTHON, TENSORFLOW

# Colab's own programs need the versions that it has: with others, a session may not start again.
COLABS = {"ipykernel", "ipython", "ipywidgets", "jupyter-client", "jupyter-core", "pyzmq", "traitlets"}
# These serve the command `course` alone.
COMMANDS = {"jinja2", "jsonschema", "jupyterlab", "jupytext", "latex2mathml", "markdown-it-py", "nbclient", "nbconvert"}
COMMANDS |= {"nbformat", "nbgrader", "papermill", "pyyaml", "sqlalchemy", "tornado", "typer"}
CELL = '''\
# For Colab: checks versions and installs the course, once in a session. Where it is installed, this changes nothing.
def set_up_pixelwise():
    import subprocess
    import sys
    from importlib import metadata

    needed = """
{needed}
    """

    def version(name):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            return "none"

    def install(*arguments):
        command = [sys.executable, "-m", "pip", "install", "--quiet", *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError("expected pip to install the course, got:\\n" + done.stderr)

    python = ".".join(map(str, sys.version_info[:3]))
    if not {oldest} <= sys.version_info[:2] <= {newest}:
        raise RuntimeError("expected Python {oldest_name} to {newest_name}, got " + python)
    if version("pixelwise") == "none":
        install(*needed.split())
        install("--no-deps", {package!r})
    tensorflow = version("tensorflow")
    if not tensorflow.startswith("{tensorflow}."):
        raise RuntimeError("expected TensorFlow {tensorflow}, got " + tensorflow)
    homes = {{"numpy": "numpy", "PIL": "pillow", "google.protobuf": "protobuf", "tensorflow": "tensorflow"}}
    if any(name in sys.modules and sys.modules[name].__version__ != version(homes[name]) for name in homes):
        raise RuntimeError("installed; now choose Runtime > Restart session, and run this cell again")
    print(f"Pixelwise {{version('pixelwise')}}, TensorFlow {{tensorflow}}, Python {{python}}")


set_up_pixelwise()'''


def first_cell(package: str | None = None) -> str:
    """Write the cell.

    Parameters
    ----------
    package : str, optional
        What pip installs: a requirement, or the address of a wheel, such as that of a release; by default, this version
        by its name.

    Returns
    -------
    str
        Python. It installs what notebooks import, without a new version of what Colab itself runs on.
    """
    lines = (line for line in metadata.requires("pixelwise") or [] if "extra ==" not in line)
    needed = sorted(line for line in lines if re.split(r"[^\w.-]", line)[0] not in COLABS | COMMANDS)
    names = [".".join(map(str, version)) for version in PYTHON]
    return CELL.format(
        needed=textwrap.indent(textwrap.fill(" ".join(needed), 100, break_on_hyphens=False), " " * 8),
        oldest=PYTHON[0],
        newest=PYTHON[1],
        oldest_name=names[0],
        newest_name=names[1],
        tensorflow=TENSORFLOW,
        package=package or f"pixelwise=={metadata.version('pixelwise')}",
    )
