"""What GitHub reads: forms for issues, workflows, updates of dependencies. It tells nobody when it cannot read one."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from course_lib.course import Course
from tests.support.paths import ROOT

GITHUB = ROOT / ".github"
FORMS = sorted(set((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")) - {GITHUB / "ISSUE_TEMPLATE" / "config.yml"})
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
PINNED = re.compile(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+(\.\d+)*")


def read(path: Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict), path
    return content


def name_of(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", FORMS, ids=name_of)
def test_a_form_has_what_github_requires(path: Path) -> None:
    form = read(path)
    assert form.keys() <= {"name", "description", "title", "labels", "body"}
    assert form["name"]
    assert form["description"]
    for item in form["body"]:
        assert item["type"] in {"markdown", "input", "textarea", "dropdown", "checkboxes"}
        assert item["attributes"]["value" if item["type"] == "markdown" else "label"].strip()


@pytest.mark.parametrize("path", FORMS, ids=name_of)
def test_questions_of_a_form_differ_in_id_and_label(path: Path) -> None:
    questions = [item for item in read(path)["body"] if item["type"] != "markdown"]
    assert questions
    assert all(re.fullmatch(r"[\w-]+", item["id"]) for item in questions)
    assert len({item["id"] for item in questions}) == len(questions)
    assert len({item["attributes"]["label"] for item in questions}) == len(questions)


def test_forms_have_different_names() -> None:
    assert len({read(path)["name"] for path in FORMS}) == len(FORMS) >= 2


def test_the_form_for_checks_lists_every_unit() -> None:
    body = read(GITHUB / "ISSUE_TEMPLATE" / "check_told_me_wrong.yml")["body"]
    (options,) = (item["attributes"]["options"] for item in body if item.get("id") == "unit")
    assert options == Course(ROOT).units_with_solutions()


def test_the_chooser_of_forms() -> None:
    assert read(GITHUB / "ISSUE_TEMPLATE" / "config.yml") == {"blank_issues_enabled": True}


def test_the_parts_of_ci_are_all_of_ci() -> None:
    matrix = read(GITHUB / "workflows" / "ci.yml")["jobs"]["test"]["strategy"]["matrix"]
    command = ["make", "--dry-run", "--always-make", "test"]
    planned = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    steps = re.findall(r"^echo 'make --no-print-directory ([\w-]+)'", planned, re.MULTILINE)
    assert len(steps) > 2
    assert sorted(" ".join(matrix["part"]).split()) == sorted([*steps, "course"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)
def test_actions_are_pinned_by_commit_and_name_their_version(path: Path) -> None:
    used = re.findall(r"^[\s-]*uses:\s*(.*\S)\s*$", path.read_text(encoding="utf-8"), re.MULTILINE)
    steps = [step for job in read(path)["jobs"].values() for step in job["steps"] if "uses" in step]
    assert len(used) == len(steps) > 0
    assert [action for action in used if not PINNED.fullmatch(action)] == []
    assert len(dict(action.split("@") for action in used)) == len(set(used)), "an action in two versions"


@pytest.mark.parametrize(
    "action",
    ["actions/checkout@v4", "actions/checkout@11bd719 # v4.2.2", f"actions/checkout@{'0' * 40}", "a/b@main # v1"],
)
def test_what_is_not_pinned_is_refused(action: str) -> None:
    assert not PINNED.fullmatch(action)


@pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)
def test_workflows_may_only_read_and_end(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        may_write = {("release.yml", "release"), ("site.yml", "publish"), ("site.yml", "attach")}
        assert "permissions" not in job or (path.name, name) in may_write
    assert all(job["timeout-minutes"] <= 60 for job in workflow["jobs"].values())


@pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)
def test_a_job_that_may_write_runs_no_code_of_a_repository(path: Path) -> None:
    for job in read(path)["jobs"].values():
        if "permissions" in job:
            assert not any("checkout" in step.get("uses", "") for step in job["steps"])
            assert not re.search(r"\b(pip|python|make)\b", " ".join(step.get("run", "") for step in job["steps"]))


@pytest.mark.parametrize(("tag", "is_version"), [("v{}", True), ("v{}0", False), ("v9", False)])
def test_a_tag_other_than_the_version_releases_nothing(tag: str, is_version: bool) -> None:
    jobs = read(GITHUB / "workflows" / "release.yml")["jobs"]
    (check,) = (step["run"] for step in jobs["build"]["steps"] if step.get("name") == "The tag is the version")
    script = check.replace(".venv/bin/course --version", "echo pixelwise 1.2.3")
    assert script != check
    environment = os.environ | {"GITHUB_REF_NAME": tag.format("1.2.3")}
    done = subprocess.run(["bash", "-e", "-c", script], env=environment, check=False)
    assert (done.returncode == 0) == is_version
    assert [jobs[job]["needs"] for job in ("try", "release")] == ["build", "try"]


def test_updates_of_actions_and_packages_arrive_in_groups() -> None:
    configuration = read(GITHUB / "dependabot.yml")
    assert configuration["version"] == 2
    updates = {update["package-ecosystem"]: update for update in configuration["updates"]}
    assert {name: update["schedule"]["interval"] for name, update in updates.items()} == {
        "github-actions": "weekly",
        "pip": "monthly",
    }
    for update in updates.values():
        (group,) = update["groups"].values()
        assert (update["directory"], group) == ("/", {"patterns": ["*"]})
