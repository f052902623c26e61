"""A program: TensorBoard for one folder, as long as the process that started it runs.

`tensorboard_page` runs it by its path, so that nothing of the library, and no TensorFlow, is imported here.
"""

import io
import os
import sys
import time
from contextlib import redirect_stderr
from types import ModuleType
from urllib.parse import urlsplit

ALL = 1_000_000  # points of a curve; TensorBoard's own 0 for "all" makes its page show none
RELOAD_SECONDS = 2.0


def start(folder: str) -> int:
    """Serve TensorBoard on a free port of this machine, in threads of this process; return the port."""
    # With this module TensorBoard reads files by itself, and starts in a fraction of the time.
    sys.modules["tensorboard.compat.notf"] = ModuleType("notf")
    from tensorboard import program

    server = program.TensorBoard()
    server.configure(
        logdir=folder,
        host="127.0.0.1",
        port=0,
        load_fast="false",  # else one more process
        reload_interval=RELOAD_SECONDS,
        samples_per_plugin=dict.fromkeys(("scalars", "images", "histograms"), ALL),
    )
    words = io.StringIO()
    try:
        with redirect_stderr(words):
            port = urlsplit(server.launch()).port
    except SystemExit:  # of its HTTP server, which prints why
        raise OSError(words.getvalue().strip()) from None
    assert port is not None
    return port


def main(folder: str, parent: int) -> None:
    """Print the port, or why there is none, and wait for the parent's end."""
    try:
        print(start(folder), flush=True)
        while os.getppid() == parent:
            time.sleep(0.2)
    except (OSError, RuntimeError) as error:  # no address, no port, no thread
        print(error, flush=True)
    os._exit(0)  # its threads know no end


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
