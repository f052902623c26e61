"""Students with unusual names, and what is shown on pages."""

import os
from collections.abc import Mapping
from pathlib import Path

from tests.grading.hostile.submissions.case import Case, Notebook, shown
from tests.support.tiny_course import HALF_RIGHT, RIGHT, WRONG

NAMES = {
    "Ana María de la Cruz": Case(3, RIGHT),
    "学生 Ω ñ 🎓": Case(3, RIGHT),
    "dots.in.a.name": Case(1, HALF_RIGHT),
    "...": Case(0, WRONG),
    "..%2f..%2fgradebook": Case(0, WRONG),
    "..\\..\\gradebook.db": Case(3, RIGHT),
    "..∕..∕gradebook": Case(0, WRONG),
    "-rf": Case(3, RIGHT),
    "=1+1": Case(0, WRONG),
    "'; drop table grade; --": Case(3, RIGHT),
    "<b onclick=alert(1)>": Case(0, RIGHT, status="expected a student's name without < >", recorded=False),
    "{{ 7 * 7 }}": Case(3, RIGHT),
    "down": Case(3, RIGHT, folder="one/two/down"),
    " space around ": Case(0, RIGHT, status="expected a student's name of printable letters", recorded=False),
    shown("two\nlines", "two�lines"): Case(
        0, RIGHT, folder="two\nlines", status="expected a student's name of printable letters", recorded=False
    ),
    shown("n" * 200, "n" * 64): Case(
        0, RIGHT, folder="n" * 200, status="expected a student's name of at most 128 bytes", recorded=False
    ),
    shown(os.fsdecode(b"\xff" * 100), "�" * 21): Case(
        0,
        RIGHT,
        folder=os.fsdecode(b"\xff" * 100),
        status="expected a student's name of printable letters",
        recorded=False,
    ),
}


def many_elements(notebook: Notebook) -> None:
    """Add a text that is short, and long once it is corrected."""
    signs = "abcdefghijklmnopqrstuvwxyz0123456789"
    text = "<p>" + "".join(f"<b {a}{b}>" for a in signs for b in signs) + "<p>x" * 2000
    notebook["cells"].append({"cell_type": "markdown", "metadata": {}, "source": text})


def for_others(path: Path, places: Mapping[str, str]) -> None:
    """Hand in folders that are called like other students."""
    content = Path(places["other"]).read_bytes()
    path.write_bytes(content)
    for student in ("Mary", "Nobody"):
        (path.parent / student).mkdir()
        (path.parent / student / path.name).write_bytes(content)


SHOWN = {
    "a text of very many elements": Case(3, RIGHT, many_elements),
    "hands in for others": Case(3, place=for_others),
    "a picture with a script for its width": Case(
        3,
        f"{RIGHT}\nfrom IPython.display import display\nfor size in ({{'width': '1 onerror=alert(1) x=1'}}, [1]):\n"
        "    display({'image/png': 'AAAA', 'text/plain': 'x'}, raw=True, metadata={'image/png': size})",
    ),
    "scripts": Case(
        3,
        f"{RIGHT}\nfrom IPython.display import HTML, SVG, Javascript, Markdown, display\n"
        "for kind in (HTML, Javascript, Markdown):\n"
        "    display(kind('<script>alert(1)</script><img src=x onerror=alert(1)>'\n"
        "                 '<a href=\"javascript:alert(1)\">x</a>'))\n"
        'display(SVG(\'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>\'))\n',
    ),
}
