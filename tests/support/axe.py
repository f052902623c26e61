"""axe-core, which finds what keeps people from using a page with a keyboard, a screen reader or large letters."""

from collections.abc import Mapping

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]  # the tags of the rules of WCAG 2.1 A and AA
PRACTICE = ["heading-order", "page-has-heading-one", "landmark-one-main", "empty-table-header"]  # no rules of WCAG
UNFOLD = "document.querySelectorAll('details').forEach(details => { details.open = true })"
SETTLE = "Promise.all(document.getAnimations().map(animation => animation.finished))"  # colors change slowly
MATCHES = "([found, theirs]) => document.querySelector(found).matches(theirs)"


def violations(page: Page, practice: list[str] = PRACTICE, theirs: Mapping[tuple[str, str], str] = {}) -> list[str]:
    """Let axe-core read an open page, with everything unfolded: it reads only what can be seen.

    Parameters
    ----------
    page : Page
        An open page.
    practice : list of str
        Rules that do not follow from WCAG, but from good practice.
    theirs : mapping of (str, str) to str
        Known violations by others: a rule and a CSS selector of elements, and a reason.

    Returns
    -------
    list of str
        A line for each element that violates a rule, and for each entry of ``theirs`` that nothing violates any more.
    """
    page.evaluate(UNFOLD)
    page.evaluate(SETTLE)
    page.evaluate(AXE_SCRIPT)
    options = {
        "runOnly": {"type": "tag", "values": WCAG},
        "rules": {rule: {"enabled": True} for rule in practice},
        "resultTypes": ["violations"],
        "preload": False,  # it would request style sheets, which pages in files may not
    }
    found = page.evaluate("options => axe.run(options)", options)["violations"]
    lines, excused = [], set()
    for violation in found:
        for node in violation["nodes"]:
            known = [
                (rule, selector)
                for rule, selector in theirs
                if rule == violation["id"] and page.evaluate(MATCHES, [node["target"][0], selector])
            ]
            excused.update(known)
            if not known:
                lines.append(f"{violation['id']}: {violation['help']}: {node['html']}")
    return lines + [f"violated no longer: {entry}" for entry in theirs if entry not in excused]
