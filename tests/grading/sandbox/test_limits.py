"""Who limits memory and processes: decided from what a machine has."""

import dataclasses
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from traitlets.config import Config

from course_lib.errors import CourseError
from course_lib.grading.sandbox import limits
from course_lib.grading.sandbox.limits import CgroupSupport, Limits
from tests.test_doctor import Add, add

__all__ = ["add"]

SMALL = Limits(memory_bytes=1000, processes=7)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Ask again in every test, and after it."""
    limits.cgroup_support.cache_clear()
    yield
    limits.cgroup_support.cache_clear()


@pytest.fixture
def cgroups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Replace the system's groups by a folder, in which this process is in ``/user/own``."""
    root = tmp_path / "cgroup"
    for folder in (root, root / "user", root / "user" / "own"):
        folder.mkdir()
        for name in ("cgroup.controllers", "cgroup.procs", "cgroup.subtree_control"):
            (folder / name).write_text("")
    own = tmp_path / "own"
    own.write_text("1:name=systemd:/elsewhere\n0::/user/own\n")
    monkeypatch.setattr(limits, "CGROUPS", root)
    monkeypatch.setattr(limits, "OWN_GROUP", own)
    return root


def delegate(group: Path, controllers: str = "cpu memory pids") -> None:
    """Let a group hand on controllers."""
    (group / "cgroup.subtree_control").write_text(controllers + "\n")


def test_without_cgroups_v2_the_processes_are_watched(cgroups: Path, add: Add) -> None:
    add("systemd-run", "exit 0")
    (cgroups / "cgroup.controllers").unlink()
    assert limits.cgroup_support() == CgroupSupport("rlimits and a watch on the processes, without cgroups v2")
    assert limits.limits_in_use() == limits.cgroup_support().name


def test_systemd_of_the_user_comes_first(cgroups: Path, add: Add) -> None:
    add("systemd-run", "exit 0")
    delegate(cgroups / "user")
    assert limits.cgroup_support().scope == ("systemd-run", "--user", "--scope")


def test_systemd_of_the_machine_is_tried_next(cgroups: Path, add: Add) -> None:
    add("systemd-run", 'test "$1" != --user')
    assert limits.cgroup_support().scope == ("systemd-run", "--scope")


def test_a_delegated_group_serves_where_systemd_does_not(cgroups: Path, add: Add) -> None:
    add("systemd-run", "exit 1")
    assert limits.cgroup_support().parent is None
    limits.cgroup_support.cache_clear()
    delegate(cgroups / "user")
    assert limits.cgroup_support().parent == cgroups / "user"
    assert "delegated group" in limits.limits_in_use()


@pytest.mark.parametrize(("controllers", "enough"), [("memory pids", True), ("memory", False), ("pids cpu", False)])
def test_a_group_must_hand_on_both_controllers(controllers: str, enough: bool, cgroups: Path) -> None:
    delegate(cgroups / "user" / "own", controllers)
    assert (limits.delegated_group("0::/user/own\n") == cgroups / "user" / "own") is enough


@pytest.mark.parametrize("own", ["", "4:memory:/user\n", "0::/../outside\n", "0::/missing/group\n"])
def test_other_groups_are_none(own: str, cgroups: Path) -> None:
    (cgroups.parent / "outside").mkdir()
    for name in ("cgroup.procs", "cgroup.subtree_control"):
        (cgroups.parent / "outside" / name).write_text("memory pids")
    assert limits.delegated_group(own) is None


def test_systemd_is_told_the_limits(cgroups: Path) -> None:
    with limits.group(SMALL, CgroupSupport("systemd", scope=("systemd-run", "--scope"))) as (command, _):
        words = " ".join(command)
    assert words.startswith("systemd-run --scope --quiet --collect")
    for option in ("-p MemoryMax=1000", "-p MemorySwapMax=0", "-p TasksMax=7"):
        assert option in words
    assert words.endswith("/usr/bin/env -i")


def test_a_command_joins_its_group_before_it_runs(cgroups: Path) -> None:
    parent = cgroups / "user"
    with limits.group(SMALL, CgroupSupport("delegated", parent=parent)) as (command, _):
        made = next(path for path in parent.iterdir() if path.name.startswith("pixelwise-"))
        assert (made / "memory.max").read_text() == "1000"
        assert (made / "pids.max").read_text() == "7"
        said = subprocess.run(
            [*command, "/bin/sh", "-c", "echo $$ and $1", "sh", "a b"], capture_output=True, check=True
        )
        assert said.stdout.decode().split() == [(made / "cgroup.procs").read_text().strip(), "and", "a", "b"]
        for file in made.iterdir():  # the system's groups are empty for rmdir
            file.unlink()
    assert not made.exists()


def test_without_a_group_a_command_stays_as_it_is() -> None:
    with limits.group(SMALL, CgroupSupport("none")) as (command, environment):
        assert command == []
        assert environment == {}


def test_limits_can_be_compared_and_written() -> None:
    assert Limits(**dataclasses.asdict(SMALL)) == SMALL


def test_limits_come_from_the_configuration() -> None:
    config = Config({"Execute": {"timeout": 20}, "Limits": {"memory_bytes": 2e9, "submission_s": 90}})
    assert Limits.configured(config) == Limits(cell_s=20.0, memory_bytes=2_000_000_000, submission_s=90.0)
    assert Limits.configured(Config()) == Limits()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"memory": 1}, "expected c.Limits to set some of cell_s, submission_s, .*; got memory"),
        ({"memory_bytes": "2 GB"}, "expected a positive number for the limit memory_bytes, got '2 GB'"),
        ({"processes": 0}, "expected a positive number for the limit processes, got 0"),
        ({"outputs": True}, "for the limit outputs, got True"),
        ({"cpu_s": float("inf")}, "for the limit cpu_s, got inf"),
    ],
)
def test_a_limit_that_is_none(said: dict[str, object], words: str) -> None:
    with pytest.raises(CourseError, match=words):
        Limits.configured(Config({"Limits": said}))
