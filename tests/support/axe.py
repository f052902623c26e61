"""axe-core, which finds barriers of WCAG 2.1 A and AA in a page; a package of Python brings its file."""

from importlib.resources import files

from playwright.sync_api import Page

AXE = files("axe_playwright_python").joinpath("axe.min.js")
RUN = """() => axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    resultTypes: ["violations"],
    preload: false,  // it would request style sheets, which files may not
})"""


def barriers(page: Page) -> list[str]:
    """Name each rule that an open page breaks, and the element that breaks it."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    violations = page.evaluate(RUN)["violations"]
    return [f"{rule['id']}: {node['html']}" for rule in violations for node in rule["nodes"]]
