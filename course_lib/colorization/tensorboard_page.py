"""TensorBoard inside a notebook."""

import html
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SERVER = Path(__file__).with_name("tensorboard_server.py")

_running: dict[Path, tuple[subprocess.Popen[str], str]] = {}


@dataclass(frozen=True)
class TensorBoardPage:
    """Where TensorBoard runs. A notebook shows it as a link and a closed frame with the page.

    Attributes
    ----------
    folder : Path
        The folder of event files.
    address : str
        The address of the page.
    """

    folder: Path
    address: str

    def __repr__(self) -> str:
        return f"TensorBoard shows {self.folder} at {self.address} until this program ends"

    def _repr_html_(self) -> str:
        """Return a link and a frame that loads nothing until a reader opens it, even in a saved page."""
        name, address = html.escape(str(self.folder)), html.escape(self.address)
        return (
            f'<p><a href="{address}" target="_blank" rel="noopener">TensorBoard</a> shows <code>{name}</code> '
            "until this notebook's kernel ends, in a browser on the same machine.</p>"
            f'<details><summary>Open it here</summary><iframe src="{address}" loading="lazy" title="TensorBoard" '
            'style="width: 100%; height: 50rem; border: 0"></iframe></details>'
        )


def show_tensorboard(folder: str | Path) -> TensorBoardPage | None:
    """Start TensorBoard, and show it inside the notebook.

    TensorBoard runs on a free port of this machine, is reachable from this machine only, picks up new events as they
    are written, and ends with the kernel. A second call for the same folder returns the same page.

    Parameters
    ----------
    folder : str or Path
        A folder with event files, or with folders of them. They may be written later.

    Returns
    -------
    TensorBoardPage or None
        A page that is displayed as the last line of a cell. None if TensorBoard cannot start; the reason is printed.

    Raises
    ------
    ValueError
        If ``folder`` is a file.
    """
    folder = Path(folder)
    if folder.is_file():
        raise ValueError(f"expected a folder of event files, got the file {folder}")
    try:
        return TensorBoardPage(folder, _address(folder.resolve()))
    except OSError as error:
        print(f"TensorBoard cannot start here: {error}")
        return None


def _address(folder: Path) -> str:
    """Return the address of the server of a folder; start it if needed."""
    process, address = _running.get(folder, (None, ""))
    if process is None or process.poll() is not None:
        # -P: the program's folder has a module named tensorboard.
        command = [sys.executable, "-P", str(SERVER), str(folder), str(os.getpid())]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # Jupyter interrupts the whole process group of a kernel
        )
        assert process.stdout is not None
        answer = process.stdout.readline().strip()
        if not answer.isdecimal():
            process.kill()
            process.communicate()
            raise OSError(answer or "its process ended without a message")
        # The same host as JupyterLab's: a browser may deny storage to a frame of another site.
        address = f"http://localhost:{answer}/"
        _running[folder] = process, address
    return address
