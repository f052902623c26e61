"""What is sent to a learner's kernel does not wait without a bound."""

from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

from course_lib.grading.sandbox import connection
from course_lib.grading.sandbox.connection import Connection, UnreadError

pytestmark = pytest.mark.sandbox


def test_who_no_longer_reads_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "UNREAD_MS", 100)
    manager = KernelManager(transport="ipc", connection_file=str(tmp_path / "k.json"), ip=str(tmp_path / "port"))
    manager.write_connection_file()
    silent = Connection(manager)
    sent = [silent.execute("1", silent=True) for _ in range(100)]
    assert len(set(sent)) == 100
    with pytest.raises(UnreadError):
        [silent.execute("1", silent=True) for _ in range(10_000)]
    assert list(silent.messages()) == []
    silent.close()
