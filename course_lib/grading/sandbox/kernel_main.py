"""The program that becomes a learner's kernel: it drops its privileges, then runs ipykernel.

It is started by `provisioner.SandboxProvisioner`. The kernel's sockets are already listening, in a folder that the
learner can only read: the provisioner made them, and passes them as open files.
"""

import json
import os
import resource
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class KernelSettings:
    """The settings of the program.

    Attributes
    ----------
    home : str
        The learner's own empty folder, for the working folder and the settings of programs.
    user : int or None
        The user to become; None to stay who one is.
    listening : dict of str to int
        The open file for each port of the kernel.
    limits : dict of str to pair of int
        Names of `resource`, such as ``RLIMIT_CPU``, with their soft and hard limits.
    environment : dict of str to str
        Variables that are added to the sandbox's standard environment.
    readable : list of str
        Additional folders that can be read in the sandbox.
    """

    home: str
    user: int | None
    listening: dict[str, int]
    limits: dict[str, tuple[int, int]]
    environment: dict[str, str]
    readable: list[str]

    def dumps(self) -> str:
        """Write it as JSON."""
        return json.dumps(asdict(self))


def become(connection_file: str, settings: KernelSettings) -> None:
    """Become the kernel; return when the kernel ends.

    Parameters
    ----------
    connection_file : str
        The file with the ports and the key.
    settings : KernelSettings
        See there.
    """
    for name, (soft, hard) in settings.limits.items():
        _limit(getattr(resource, name), soft, hard)
    work = Path(settings.home, "work")
    work.mkdir(parents=True, exist_ok=True)
    os.chdir(work)
    # Not earlier: it imports Matplotlib, which makes folders in the home.
    from course_lib.grading.sandbox.kernel_app import LearnersKernel

    kernel = LearnersKernel.instance(connection_file=connection_file, log_level="CRITICAL")
    kernel.listening = settings.listening
    kernel.config.HistoryManager.enabled = False
    kernel.initialize([])
    kernel.start()


def ready(agent_socket: str, data: str) -> None:
    """Connect the agent, and put the data into the working folder.

    In this order, because the data include the learner's files, and the start must not depend on them.

    Parameters
    ----------
    agent_socket : str
        Path of the socket on which the trusted process listens.
    data : str
        A folder whose content is copied; empty for none.
    """
    from course_lib.grading.remote_test.agent import connect
    from course_lib.grading.sandbox.kernel_app import see_working_folder

    connect(agent_socket)
    if data:
        shutil.copytree(data, ".", dirs_exist_ok=True)
    see_working_folder()


def _limit(what: int, soft: int, hard: int) -> None:
    """Set a limit; keep one that is already stricter."""
    _, already = resource.getrlimit(what)
    if already != resource.RLIM_INFINITY:
        soft, hard = min(soft, already), min(hard, already)
    resource.setrlimit(what, (soft, hard))


def main(connection_file: str, said: str) -> None:
    """Start as a program, in bubblewrap's sandbox or outside of it."""
    settings = KernelSettings(**json.loads(said))
    if settings.user is not None:
        os.setgroups([])
        os.setresgid(settings.user, settings.user, settings.user)
        os.setresuid(settings.user, settings.user, settings.user)
    become(connection_file, settings)


if __name__ == "__main__":
    main(*sys.argv[1:])
