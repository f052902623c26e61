"""The whole site: no answer on any page, no request, one heading each; and a small one, twice the same."""

import re
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Literal

import nbformat
import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as BrowserPage

from ci.website.__main__ import SITE, build
from ci.website.sources import TEXTS, Sources, collect
from ci.website.unit_pages import unit_page
from course_lib.course import Course
from course_lib.release import released
from tests.support.axe import violations
from tests.support.keyboard import keyboard_barriers
from tests.support.paths import ROOT
from tests.support.secret_lines import secrets
from tests.support.site import Page, executed

pytestmark = pytest.mark.slow

OURS = Course(ROOT)
OPEN = [*TEXTS, *(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))]
SMALL = {
    "index.md": "# Small\n\n$a < b$ and\n\n$$\\frac{a}{b}$$\n\n```{toctree}\nunit\napi\n```\n",
    "api.rst": "API\n===\n\n.. automodule:: course_lib.color\n   :members:\n",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of this course. Of units that have run here, it shows these runs; of the others, made-up outputs."""
    root = tmp_path_factory.mktemp("course")
    report = root / "report"
    report.mkdir()
    for name in OURS.units():
        ran = OURS.report / f"{name}.ipynb"
        if ran.is_file():
            shutil.copy(ran, report)
        else:
            nbformat.write(executed(released(OURS, name)), report / f"{name}.ipynb")
    assert build(collect(OURS, report, "somebody/pixelwise"), root) == 0
    return root / SITE


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Page]:
    """Every page but the search, which a script fills."""
    found = {path.relative_to(site).as_posix(): Page(path) for path in sorted(site.rglob("*.html"))}
    return {name: page for name, page in found.items() if not name.startswith("_static") and name != "search.html"}


def small() -> Sources:
    notebook = executed(released(OURS, "00_start_here"))
    unit = unit_page("00_start_here", notebook, notebook)
    texts = {name: text.encode() for name, text in SMALL.items()}
    return Sources({**texts, **unit.figures, "unit.ipynb": nbformat.writes(unit.notebook).encode()})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def words(text: str) -> set[str]:
    """Every line of four words or more, without the marks that a page does not show."""
    lines = (re.findall(r"\w+", line) for line in text.splitlines())
    return {" ".join(line) for line in lines if len(line) > 3}


def test_words_are_found_on_a_page_and_in_a_text() -> None:
    assert words("- **One** half: `x[0]`\n\n  y = f(2, 3)\n  y\n") == {"One half x 0", "y f 2 3"}


@pytest.fixture(scope="module")
def known() -> set[str]:
    """Every line of what is open to all: the texts of the repository and the released notebooks."""
    notebooks = [nbformat.read(released(OURS, name), as_version=4) for name in OURS.units()]
    sources = ["\n".join(cell.source for cell in notebook.cells) for notebook in notebooks]
    return set().union(*map(words, [*sources, *((ROOT / name).read_text(encoding="utf-8") for name in OPEN)]))


@pytest.fixture(scope="module")
def said(pages: dict[str, Page], site: Path) -> set[str]:
    """Every line of every page and of every file that can be downloaded."""
    downloads = [file.read_text(encoding="utf-8").replace("\\n", "\n") for file in site.rglob("*.ipynb")]
    return set().union(*(words(text) for text in [*(page.text for page in pages.values()), *downloads]))


@pytest.mark.parametrize("unit", OURS.units())
def test_no_answer_and_no_hidden_test_is_on_the_site(unit: str, said: set[str], known: set[str], site: Path) -> None:
    secret = words("\n".join(secrets((OURS.solutions / unit / f"{unit}.md").read_text(encoding="utf-8")))) - known
    assert len(secret) > 5
    assert secret & said == set()
    titles = words((site / "searchindex.js").read_text(encoding="utf-8").replace('"', "\n"))
    assert secret & titles == set()


@pytest.mark.parametrize("unit", OURS.units())
def test_a_page_has_exercises_hints_and_empty_cells(unit: str, pages: dict[str, Page]) -> None:
    notebook = nbformat.read(released(OURS, unit), as_version=4)
    page = pages[f"notebooks/{unit}/{unit}.html"]
    assert page.text.count("raise NotImplementedError") == sum(
        cell.source.count("raise NotImplementedError") for cell in notebook.cells
    )
    hints = sum(cell.source.count("<details>") for cell in notebook.cells if cell.cell_type == "markdown")
    assert len(page.attributes("summary")) >= hints > 0
    assert [link for link in page.attributes("a") if link.get("href") == f"../../downloads/{unit}.ipynb"]


def test_every_page_has_one_main_heading_and_the_others_in_order(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
        assert levels.count(1) == 1, name
        main = levels[levels.index(1) :]
        assert all(after <= before + 1 for before, after in pairwise(main)), name


def test_every_image_has_a_text_alternative(pages: dict[str, Page]) -> None:
    images = [(name, image) for name, page in pages.items() for image in page.attributes("img")]
    assert len(images) > 20
    assert [(name, image) for name, image in images if len(image.get("alt") or "") < 10] == []


def test_every_page_leads_only_to_what_is_there(site: Path, pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        for attributes in page.attributes("a", "img", "link", "script"):
            target = (attributes.get("href") or attributes.get("src") or "#").split("#")[0].split("?")[0]
            if target and not re.match(r"\w+:", target):
                assert (site / name).parent.joinpath(target).exists(), (name, target)


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[BrowserPage]:
    """A browser that fails at any request but for files, and at any error."""
    problems: list[str] = []
    with chromium.new_page() as page:
        page.on("request", lambda request: problems.extend({request.url} if request.url.startswith("http") else ()))
        page.on("console", lambda line: problems.extend({line.text} if line.type in {"error", "warning"} else ()))
        page.on("pageerror", lambda error: problems.append(str(error)))
        yield page
    assert problems == []


@pytest.mark.parametrize("name", ["index", "notebooks/03_upsampling/03_upsampling", "api/color", "docs/grading"])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_page_fits_its_window(name: str, width: int, site: Path, page: BrowserPage) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((site / f"{name}.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    loaded = "[...document.images].every(image => image.complete && image.naturalWidth > 0)"
    page.wait_for_function(loaded)


KINDS = ["index", "units", "docs/grading", "docs/comparison", "user_ops/README", "api/color", "search"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", [*KINDS, "notebooks/00_start_here/00_start_here"])
def test_axe_finds_no_barrier(name: str, scheme: Literal["light", "dark"], site: Path, page: BrowserPage) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # colors that change slowly are measured midway
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto((site / f"{name}.html").as_uri())
    assert violations(page) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_the_keyboard_reaches_everything(width: int, site: Path, page: BrowserPage) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for name in (*KINDS, "notebooks/00_start_here/00_start_here"):
        page.goto((site / f"{name}.html").as_uri())
        assert keyboard_barriers(page) == [], name


def test_axe_finds_a_barrier(page: BrowserPage) -> None:
    page.set_content("<html lang=en><title>A page</title><main><h1>A page</h1><img src='data:,'></main></html>")
    [line] = violations(page)
    assert line.startswith("image-alt: ")


def test_the_search_finds_a_unit(site: Path, page: BrowserPage) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto((site / "index.html").as_uri())
    page.keyboard.press("Control+k")
    page.keyboard.type("checkerboard")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")
    found = page.locator("#search-results li a").all_inner_texts()
    assert any(text.startswith("Upsampling") for text in found)


def test_formulas_are_drawn_without_scripts(site: Path, page: BrowserPage) -> None:
    page.goto((site / "notebooks/03_upsampling/03_upsampling.html").as_uri())
    boxes = page.evaluate("[...document.querySelectorAll('math')].map(math => math.getBoundingClientRect().width)")
    assert len(boxes) > 20
    assert min(boxes) > 0


@pytest.fixture(scope="module")
def small_sites(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same small site in two folders."""
    roots = [tmp_path_factory.mktemp(name) for name in ("one", "two")]
    assert [build(small(), root) for root in roots] == [0, 0]
    return [root / SITE for root in roots]


def test_two_builds_have_the_same_bytes(small_sites: list[Path]) -> None:
    one, two = map(contents, small_sites)
    assert {name for name in one.keys() | two.keys() if one.get(name) != two.get(name)} == set()
    assert b'<math display="block" alttext="\\frac{a}{b}">' in one["index.html"]


def test_another_build_writes_only_what_has_changed(small_sites: list[Path]) -> None:
    site, sources = small_sites[0], small()
    before = (site / "unit.html").stat().st_mtime_ns
    sources.pages["index.md"] += b"\nMore.\n"
    assert build(sources, site.parents[1]) == 0
    assert "More." in Page(site / "index.html").text
    assert (site / "unit.html").stat().st_mtime_ns == before


def test_a_text_that_is_wrong_fails_and_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    texts = ["$\\unknown{x}$", "[nowhere](nothing.md)", "![no](picture.png)", "[no](#where)"]
    assert build(Sources({"index.md": "\n\n".join(["# Title", *texts]).encode()}), tmp_path) == 1
    said = capfd.readouterr().err
    assert [line for line in (3, 5, 7, 9) if f"index.md:{line}: " not in said] == []
