"""Many submissions at once on this machine, each in a separate process."""

import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import Queue

import psutil
import pytest

from course_lib.grading import parallel, process
from course_lib.grading.models import GradingJob, GradingResult
from course_lib.grading.parallel import grade_all
from course_lib.grading.sandbox.limits import Limits
from tests.support.stub_grader import job, obey
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def run(jobs: Iterable[GradingJob]) -> dict[str, GradingResult]:
    return {job.student: result for job, result in grade_all(obey, jobs, 2)}


def test_every_submission_comes_back_once() -> None:
    found = [(job.student, result.points) for job, result in grade_all(obey, map(job, "abcdefg"), 2)]
    assert sorted(found) == [(student, 3) for student in "abcdefg"]


def test_who_asks_is_told_when_a_submission_begins(tmp_path: Path) -> None:
    told: Queue[tuple[str, str]] = Queue()
    begun = tmp_path / "begun"
    jobs = [job("quick"), job("slow", begun=str(begun), sleep=100)]
    waiting = grade_all(obey, jobs, 2, lambda *named: told.put(named))
    assert next(waiting)[0].student == "quick"
    assert {told.get(timeout=60), told.get(timeout=60)} == {("quick", "01_doubling"), ("slow", "01_doubling")}
    waiting.close()


def test_so_many_run_at_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    waiting = grade_all(obey, [job(str(number), begun=str(log), sleep=2 * (number > 0)) for number in range(4)], 3)
    assert next(waiting)[0].student == "0"  # while the others sleep
    wait_until(lambda: len(log.read_text().splitlines()) == 4)
    waiting.close()


def test_each_submission_has_a_process_of_its_own(tmp_path: Path) -> None:
    log = tmp_path / "log"
    run(job(student, begun=str(log)) for student in "abcd")
    pids = [line.split()[1] for line in log.read_text().splitlines()]
    assert len({*pids, str(os.getpid())}) == 5
    assert not any(psutil.pid_exists(int(pid)) for pid in pids)


def test_nothing_that_happens_to_one_process_touches_the_others() -> None:
    bad = [
        job("killed", do="die", signal=signal.SIGKILL),
        job("crashed", do="die", signal=signal.SIGSEGV),
        job("left", do="exit"),
        job("failed", do="raise"),
        job("hung", Limits(submission_s=1 - process.START_AND_END_S), sleep=100),
    ]
    jobs = [one for pair in zip(bad, map(job, "abcde"), strict=True) for one in pair]
    found = run(jobs)
    assert {student for student, result in found.items() if result.status == "graded"} == set("abcde")
    errors = {one.student: found[one.student].status for one in bad}
    assert errors.pop("killed") == "error: the grading process died (SIGKILL; too little memory?)"
    assert errors.pop("crashed") == "error: the grading process died (SIGSEGV)"
    assert errors.pop("left") == "error: the grading process died (exit status 3)"
    assert errors.pop("failed") == "error: the grader failed: KeyError: 'a mistake of the grader'"
    assert errors.pop("hung") == "error: stopped after 1 s: the grading process hung"
    assert not errors
    for one in bad:
        assert not found[one.student].final
        assert (found[one.student].points, found[one.student].max_points) == (0, 3)
    assert "stub_grader.py" in found["failed"].log


def test_what_fails_around_a_process_concerns_its_submission_alone() -> None:
    def fail_for_ada(student: str, unit: str) -> None:
        if student == "ada":
            raise RuntimeError("no line for ada")

    found = {job.student: result for job, result in grade_all(obey, map(job, ("ada", "bob")), 1, fail_for_ada)}
    assert found["bob"].status == "graded"
    assert found["ada"].status == "error: the grader failed: RuntimeError: no line for ada"
    assert not found["ada"].final


def test_only_a_few_submissions_are_in_memory() -> None:
    read = 0

    def jobs() -> Iterator[GradingJob]:
        nonlocal read
        for number in range(20):
            read += 1
            yield job(str(number))

    for done, _ in enumerate(grade_all(obey, jobs(), 2), start=1):
        assert read - done <= 2 * parallel.AHEAD
    assert read == 20


def test_what_runs_on_ends_when_nobody_waits_for_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    waiting = grade_all(obey, [job("quick"), *(job("slow", begun=str(log), sleep=100) for _ in range(5))], 2)
    next(waiting)
    wait_until(log.exists)
    waiting.close()
    assert not any(psutil.pid_exists(int(line.split()[1])) for line in log.read_text().splitlines())
    assert run([job("next")])["next"].status == "graded"


def test_a_process_has_the_environment_of_now_and_leaves_no_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Processes are forked from one that started with the first submission."""
    for now in ("yesterday", "today"):
        monkeypatch.setenv("PIXELWISE_NOW", now)
        monkeypatch.chdir(tmp_path)
        found = run([job("ada", do="tell"), job("bob", do="leave a file")])
        assert found["ada"].log == f"{now} in {tmp_path}"
        left = Path(found["bob"].log)
        assert left.parent.name.startswith("pixelwise-")
        assert not left.parent.exists()
