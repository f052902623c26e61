"""A program that serves TensorBoard for one folder, and ends with the process that started it.

`tensorboard_page` runs this file by its path, so that it imports neither the library nor TensorFlow.
"""

import io
import os
import sys
import time
from contextlib import redirect_stderr
from types import ModuleType
from urllib.parse import urlsplit

ALL = 1_000_000  # points of a tag; 0 would also keep all of them, but the page would show none
RELOAD_SECONDS = 2.0


def start(folder: str) -> int:
    """Serve TensorBoard on a free port of this machine, in threads of this process; return the port."""
    # If this module exists, TensorBoard does not import TensorFlow, and starts in a fraction of the time.
    sys.modules["tensorboard.compat.notf"] = ModuleType("notf")
    from tensorboard import program

    server = program.TensorBoard()
    server.configure(
        logdir=folder,
        host="127.0.0.1",
        port=0,
        load_fast="false",  # true would start one more process
        reload_interval=RELOAD_SECONDS,
        samples_per_plugin=dict.fromkeys(("scalars", "images", "histograms"), ALL),
    )
    words = io.StringIO()
    try:
        with redirect_stderr(words):
            port = urlsplit(server.launch()).port
    except SystemExit:  # from its HTTP server, which prints the reason
        raise OSError(words.getvalue().strip()) from None
    assert port is not None
    return port


def main(folder: str, parent: int) -> None:
    """Print the port, or why the server could not start, and wait until the parent is gone."""
    try:
        print(start(folder), flush=True)
        while os.getppid() == parent:
            time.sleep(0.2)
    except (OSError, RuntimeError) as error:  # no address, no port, no thread
        print(error, flush=True)
    os._exit(0)  # TensorBoard's threads never end


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
