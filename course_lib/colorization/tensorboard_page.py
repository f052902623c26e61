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
    """Where TensorBoard runs; a notebook shows a link, and the page itself to whoever opens it.

    Attributes
    ----------
    folder : Path
        What it shows.
    address : str
        Of its page.
    """

    folder: Path
    address: str

    def __repr__(self) -> str:
        return f"TensorBoard shows {self.folder} at {self.address} until this program ends."

    def _repr_html_(self) -> str:
        """Return a link and a closed frame: a page that is saved asks for nothing before a reader opens it."""
        name, address = html.escape(str(self.folder)), html.escape(self.address)
        return (
            f'<p><a href="{address}" target="_blank" rel="noopener">TensorBoard</a> shows <code>{name}</code> '
            "until this notebook's kernel ends, to a browser on the same machine.</p>"
            f'<details><summary>Open it here</summary><iframe src="{address}" loading="lazy" title="TensorBoard" '
            'style="width: 100%; height: 50rem; border: 0"></iframe></details>'
        )


def show_tensorboard(folder: str | Path) -> TensorBoardPage | None:
    """Start TensorBoard, and show it inside the notebook.

    It listens on a free port of this machine, for this machine alone, follows the folder while events are written, and
    ends with the kernel. Called again for the same folder, it returns the same page.

    Parameters
    ----------
    folder : str or Path
        With event files, or folders of them; they may be written later.

    Returns
    -------
    TensorBoardPage or None
        The last value of a cell. None if TensorBoard cannot start; the reason is printed.

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
    """Return the address of the server of a folder, and start it if need be."""
    process, address = _running.get(folder, (None, ""))
    if process is None or process.poll() is not None:
        # -P: the folder of the program has modules that are called like packages.
        command = [sys.executable, "-P", str(SERVER), str(folder), str(os.getpid())]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # an interrupt is sent to all of the kernel's group
        )
        assert process.stdout is not None
        answer = process.stdout.readline().strip()
        if not answer.isdecimal():
            process.kill()
            process.communicate()
            raise OSError(answer or "its process ended without a word")
        # By JupyterLab's own name for this machine: a browser may refuse storage to a frame of another site.
        address = f"http://localhost:{answer}/"
        _running[folder] = process, address
    return address
