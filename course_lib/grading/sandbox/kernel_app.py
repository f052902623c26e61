"""An IPython kernel for notebooks that run unattended: without windows, and without a way to exit early.

Everything else is as in an ordinary Jupyter kernel. It is registered as the running application, which IPython's
``%matplotlib`` and other magics need, and modules in the working folder can be imported.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import zmq
from ipykernel.kernelapp import IPKernelApp
from IPython.core.getipython import get_ipython
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.backends.registry import BackendFilter, BackendRegistry, backend_registry

INLINE = "inline"
# Event loops that need a screen; ``asyncio`` is another one that ``%gui`` knows.
GUIS = {"gtk", "gtk3", "gtk4", "osx", "qt", "qt4", "qt5", "qt6", "tk", "wx"}
# Backends of Matplotlib that need a screen, or a browser with a person.
INTERACTIVE = {*backend_registry.list_builtin(BackendFilter.INTERACTIVE), "ipympl", "widget"}


class UnattendedKernelApp(IPKernelApp):
    """A kernel for notebooks that run unattended; see the module."""

    def init_path(self) -> None:
        """Allow imports from the working folder, although ``python -P`` hides it: it must not replace the kernel."""
        see_working_folder()

    def init_shell(self) -> None:
        """Remove what needs a person."""
        super().init_shell()
        _stay_open(self.kernel.shell)
        backend_registry.__class__ = _InlineRegistry


class LearnersKernel(UnattendedKernelApp):
    """A kernel whose sockets are already listening."""

    listening: Mapping[str, int]

    def _try_bind_socket(self, s: Any, port: int) -> int:
        """Use the open file instead of a new socket."""
        s.setsockopt(zmq.USE_FD, self.listening[str(port)])
        return int(super()._try_bind_socket(s, port))

    def init_heartbeat(self) -> None:
        """Do nothing: the provisioner sees whether the kernel is alive."""

    def init_path(self) -> None:
        """Leave out the working folder for now; `kernel_main.ready` adds it."""


def see_working_folder() -> None:
    """Let modules be imported from the working folder; as in Jupyter, those of Python itself come first."""
    names = [Path(path).name for path in sys.path]
    packages = [index for index, name in enumerate(names) if name in ("site-packages", "dist-packages")]
    if "" not in sys.path:
        sys.path.insert(min(packages, default=0), "")


def _stay_open(shell: InteractiveShell) -> None:
    """Ignore ``exit`` and ``quit``, because later cells earn points too; start no event loop that needs a screen.

    The shell keeps ipykernel's class: many programs recognize a notebook by its name.
    """
    enable_gui, enable_matplotlib = shell.enable_gui, shell.enable_matplotlib

    def without_windows(gui: str | None = None) -> object:
        return enable_matplotlib(INLINE if gui and _needs_screen(gui) else gui)

    vars(shell).update(
        ask_exit=lambda: None,
        enable_gui=lambda gui=None: None if gui in GUIS else enable_gui(gui),
        enable_matplotlib=without_windows,
    )


def _needs_screen(backend: str) -> bool:
    """Tell whether a backend of Matplotlib, or a graphical interface, shows windows."""
    name = backend.lower().replace("module://ipympl.backend_nbagg", "ipympl")
    return name in INTERACTIVE or name in GUIS


class _InlineRegistry(BackendRegistry):
    """Matplotlib's list of backends, in which those with windows are replaced by figures in the notebook.

    Matplotlib itself refuses them if there is no screen, and the rest of a learner's cell would be lost.
    """

    def is_valid_backend(self, backend: str) -> bool:
        """Accept the usual backends, even if they are not installed."""
        return _needs_screen(backend) or super().is_valid_backend(backend)

    def load_backend_module(self, backend: str) -> ModuleType:
        """Import a backend, or the one for notebooks."""
        if not _needs_screen(backend):
            return super().load_backend_module(backend)
        inline = super().load_backend_module(INLINE)
        inline.configure_inline_support(get_ipython(), INLINE)  # otherwise figures are not shown when their cell ends
        return inline


if __name__ == "__main__":
    UnattendedKernelApp.launch_instance()
