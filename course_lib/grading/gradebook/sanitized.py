"""Showing untrusted content so that nothing in it can run in a browser."""

import base64
import html as entities
import re
import secrets
from collections.abc import Callable, Collection
from functools import lru_cache, wraps

from nbconvert.filters import Highlight2HTML, ansi2html, strip_ansi
from nbconvert.preprocessors.sanitize import SanitizeHTML

from course_lib.cells import is_cpp
from course_lib.formulas import formula
from course_lib.markdown import MathMLRenderer, to_html

MAX_TEXT_CHARS = 20_000  # characters of one text that are shown
MAX_PIECE_CHARS = 20_000  # of one piece of HTML or Markdown; a longer one is shown unconverted
REMEMBERED = 2048  # converted texts that are kept
MAX_PICTURE_CHARS = 10_000_000  # of one picture
MAX_ALTERNATIVE_CHARS = 1_000  # of its text alternative
_TAGS = """a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5
    h6 hr i ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul
    var"""
_ATTRIBUTES = {("td", "colspan"), ("td", "rowspan"), ("th", "colspan"), ("th", "rowspan"), ("ol", "start")}
_LINK = re.compile(r"(?:https?://|mailto:)(?!.*formula-[0-9a-f]{32})", re.IGNORECASE | re.DOTALL)
_UNSEEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
# An element that is left open is reopened in every paragraph, up to three of each kind; if they differ, all of them.
_FORMATTING = re.compile(r"<(b|big|code|em|font|i|s|small|strike|strong|tt|u)\b[^>]*>", re.IGNORECASE)
_OVERWRITTEN = re.compile(r"^.*\r(?=[^\n])", re.MULTILINE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]")
_FOLDERS = re.compile(r"(\x1b\[[\d;]*m|(?<![\w:/.~-]))~?/(?:[^\s/:'\"<>()\[\]\x1b]+/)+")
_LIBRARIES = "site-packages/"
_HIGHLIGHT = Highlight2HTML(pygments_lexer="ipython3")


def _allowed(tag: str, name: str, value: str) -> bool:
    """Tell whether an attribute is allowed. Names and styles are not: a text must not look like a part of the page."""
    return bool(_LINK.match(value)) if (tag, name) == ("a", "href") else (tag, name) in _ATTRIBUTES


_SANITIZER = SanitizeHTML(tags=_TAGS.split(), attributes=_allowed, strip=True)


class _Placeholders(MathMLRenderer):
    """Keeps formulas out of the sanitizer, which does not support MathML.

    Only formulas that this class converted replace a placeholder. A placeholder has an unpredictable name, and no
    attribute may contain one.
    """

    def __init__(self) -> None:
        super().__init__(escape=False, exclude_anchor_links=True)
        self._name = f"formula-{secrets.token_hex(16)}"
        self._formulas: list[str] = []

    def show(self, tex: str, *, display: bool) -> str:
        """Store a formula, and return its placeholder."""
        self._formulas.append(formula(tex, display=display))
        return f"{self._name}-{len(self._formulas) - 1}."

    def filled(self, text: str) -> str:
        """Put the formulas into sanitized HTML."""
        return re.sub(rf"{self._name}-(\d+)\.", lambda match: self._formulas[int(match[1])], text)


def html(text: str) -> str:
    """Keep only passive HTML: text, tables and links to the web, without any style."""
    if len(text) > MAX_PIECE_CHARS:
        return console(text)
    return _clean(text)


def _clean(text: str) -> str:
    return str(_SANITIZER.sanitize_html_tags(_FORMATTING.sub(r"<\1>", _UNSEEN.sub("", text))))


def _shared(convert: Callable[[str], str]) -> Callable[[str], str]:
    """Cache the conversion of texts: most cells of a class are the same. Very long ones would fill the memory."""
    remembered = lru_cache(REMEMBERED)(convert)

    @wraps(convert)
    def converted(text: str) -> str:
        return remembered(text) if len(text) <= MAX_PIECE_CHARS else convert(text)

    return converted


@_shared
def markdown(text: str) -> str:
    """Convert Markdown, with HTML in it, to passive HTML with MathML; pictures are left out."""
    if len(text) > MAX_PIECE_CHARS:
        return console(text)
    try:
        renderer = _Placeholders()
        return renderer.filled(_clean(to_html(text.replace("attachment:", "#"), renderer)))
    except Exception:  # an untrusted text: a parser may raise any error
        return console(text)


@_shared
def code(text: str) -> str:
    """Color Python, or C++ below ``%%cpp``."""
    return str(_HIGHLIGHT(plain(text), language="cpp" if is_cpp(text) else None))


def console(text: str) -> str:
    """Show printed text, with the colors of a terminal."""
    return f"<pre>{ansi2html(plain(text))}</pre>"


def plain(text: str) -> str:
    """Cut a long text; leave out control characters and text that a terminal would have overwritten."""
    shown = text[:MAX_TEXT_CHARS] + (
        f"\n… {len(text) - MAX_TEXT_CHARS} more characters" if len(text) > MAX_TEXT_CHARS else ""
    )
    return _CONTROL.sub("", _OVERWRITTEN.sub("", shown.replace("\r\n", "\n")))


def picture(kind: str, data: str, alternative: str = "") -> str:
    """Show a picture from base64, or SVG from its text: as an image, it neither runs scripts nor loads anything.

    Readers who cannot see it get the text alternative; a picture without one counts as decoration.
    """
    if len(data) > MAX_PICTURE_CHARS:
        return console("(a picture that is too large)")
    if kind == "image/svg+xml":
        data = base64.b64encode(data.encode(errors="replace")).decode()
    data = "".join(data.split())
    try:
        base64.b64decode(data, validate=True)
    except ValueError:
        return console("(not a valid picture)")
    alternative = entities.escape(" ".join(_CONTROL.sub("", alternative[:MAX_ALTERNATIVE_CHARS]).split()))
    return f'<img alt="{alternative}" src="data:{kind};base64,{data}">'


def without_folders(text: str) -> str:
    """Leave out the machine's folders in a traceback; files of a library keep their path in it."""
    return _FOLDERS.sub(lambda match: match[1] + match[0].partition(_LIBRARIES)[2], text)


def without_lines(text: str, secret: Collection[str]) -> str:
    """Leave out the lines that quote a secret one, whatever their colors."""
    bare = strip_ansi(text)
    quoted = [line for line in secret if line in bare]
    if not quoted:
        return text
    return "\n".join("…" if any(map(strip_ansi(line).__contains__, quoted)) else line for line in text.split("\n"))
