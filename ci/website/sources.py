"""All texts of the site in one folder, laid out as in the repository, so that links between them stay valid."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import jinja2
import nbformat

from ci.website.api import api_pages
from ci.website.facts import UnitFacts, read_facts
from ci.website.launch import COLAB, colab_notebook
from ci.website.unit_pages import unit_page
from course_lib.course import Course
from course_lib.files import write_aside
from course_lib.release import released

OWN = "docs/site"  # pages that only the site has; they become its root
TEXTS = (
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "course_lib/networks/README.md",
    "user_ops/README.md",
)
NOT_PAGES = {"docs/for-learners.md"}  # the README of the archive for learners
_LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")


@dataclass
class Sources:
    """What Sphinx reads, and what is copied beside its pages.

    Attributes
    ----------
    pages : dict
        Contents by path.
    downloads : dict
        Released notebooks, by path; with a repository also those for Colab.
    closing : dict
        By unit, its last figure, as Markdown; not of units without outputs.
    without_outputs : list of str
        Units of which the report has no executed notebook.
    """

    pages: dict[str, bytes] = field(default_factory=dict)
    downloads: dict[str, bytes] = field(default_factory=dict)
    closing: dict[str, str] = field(default_factory=dict)
    without_outputs: list[str] = field(default_factory=list)


def collect(course: Course, report: Path, repository: str | None = None) -> Sources:
    """Collect the texts of the site. Nothing is executed, and nothing is written.

    Parameters
    ----------
    course : Course
        The course.
    report : Path
        The folder with the executed notebooks of the instructor's run; it may lack some, or not exist.
    repository : str, optional
        The repository of the course on GitHub, such as ``owner/name``.

    Returns
    -------
    Sources
        Everything, in one layout.
    """
    sources = Sources()
    units = [_add_unit(sources, course, report / f"{name}.ipynb", name, repository) for name in course.units()]
    for path in _texts(course.root):
        name = path.relative_to(course.root).as_posix()
        _add_text(sources, course.root, name, path.read_text(encoding="utf-8"))
    templates = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, trim_blocks=True)
    for path in sorted((course.root / OWN).glob("*.md")):
        text = templates.from_string(path.read_text(encoding="utf-8")).render(
            units=units, closing=sources.closing, repository=repository
        )
        _add_text(sources, course.root, path.name, text)
    for name, text in api_pages(course.root / "course_lib").items():
        sources.pages[name] = text.encode()
    return sources


def write(files: dict[str, bytes], folder: Path) -> None:
    """Bring a folder to hold these files and no others. Equal files are not touched: Sphinx goes by their times.

    Parameters
    ----------
    files : dict
        Contents by path below the folder.
    folder : Path
        It is made if needed.
    """
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    for name in there.keys() - files.keys():
        there[name].unlink()
    for name, content in files.items():
        if name not in there or there[name].read_bytes() != content:
            write_aside(folder / name, content)


def _add_unit(sources: Sources, course: Course, report: Path, name: str, repository: str | None) -> UnitFacts:
    """Add the page of a unit, its figures and the notebooks to download."""
    path = released(course, name)
    notebook = nbformat.read(path, as_version=4)
    executed = nbformat.read(report, as_version=4) if report.is_file() else None
    if executed is None:
        sources.without_outputs.append(name)
    page, folder = unit_page(name, notebook, executed, repository), f"notebooks/{name}"
    sources.pages[f"{folder}/{name}.ipynb"] = nbformat.writes(page.notebook).encode()
    sources.pages.update({f"{folder}/{file}": picture for file, picture in page.figures.items()})
    if page.closing:
        sources.closing[name] = page.closing.replace("](", f"]({folder}/")
    sources.downloads[f"{name}.ipynb"] = path.read_bytes()
    if repository:
        sources.downloads[f"{COLAB}/{name}.ipynb"] = nbformat.writes(colab_notebook(notebook, repository)).encode()
    return read_facts(name, notebook)


def _texts(root: Path) -> Iterator[Path]:
    """List the texts of the repository that are pages."""
    docs = {path.relative_to(root).as_posix() for path in (root / "docs").glob("*.md")}
    yield from (root / name for name in sorted({*TEXTS, *docs} - NOT_PAGES))


def _add_text(sources: Sources, root: Path, name: str, text: str) -> None:
    """Add a text, with the files other than pages that it shows or refers to."""
    sources.pages[name] = text.encode()
    for target in _LINK.findall(text):
        file = (root / name).parent.joinpath(target).resolve()
        if file.is_file() and file.suffix not in {".md", ".ipynb"} and file.is_relative_to(root):
            sources.pages[file.relative_to(root).as_posix()] = file.read_bytes()
