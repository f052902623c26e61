"""Formulas in HTML without scripts or a network: TeX in, MathML out.

latex2mathml does not report what it does not know: an unknown command becomes a word in the formula, an unknown
environment disappears. So its result is checked, element by element, and anything but clean MathML is refused.
"""

import html
import re
from pathlib import Path
from xml.etree.ElementTree import Element

from latex2mathml.converter import Converter

LONGEST = 2_000  # characters of one formula
CSS = Path(__file__).with_name("formulas.css").read_text(encoding="utf-8")
# How many children an element must have; None if any number is allowed.
_ELEMENTS = {
    **dict.fromkeys(("mfrac", "msub", "msup", "munder", "mover", "mroot"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
    **dict.fromkeys(("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msqrt", "mstyle", "mpadded", "mphantom")),
    **dict.fromkeys(("mtable", "mtr", "mtd")),
}
_LENGTH = r"[+-]?[\d.]+(em|ex|pt|px|mu|%)?|0"
_WORD = r"true|false|prefix|infix|postfix|left|right|center|block|inline|\d"
_ATTRIBUTES = {
    **dict.fromkeys(("display", "displaystyle", "scriptlevel", "stretchy", "fence", "form", "columnalign"), _WORD),
    **dict.fromkeys(("accent", "accentunder", "movablelimits", "largeop", "symmetric", "separator"), _WORD),
    **dict.fromkeys(("lspace", "rspace", "width", "height", "depth", "voffset", "linethickness"), _LENGTH),
    **dict.fromkeys(("minsize", "maxsize", "rowspacing"), _LENGTH),
    "columnspacing": rf"({_LENGTH})( ({_LENGTH}))*",
    "mathvariant": "normal|bold|italic|bold-italic",
}
_REFERENCE = re.compile(r"&#x[0-9A-Fa-f]+;")
_LEFT_OVER = re.compile(r"[&\\{}$^_#%]")
_LEFT_OVER_WORDS = re.compile(r"[&\\{}$]")
_UPRIGHT = re.compile(r"&#x000[4657][0-9A-F];")  # a letter from \mathrm{d}, whose upright form is lost
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([a-zA-Z]*)(\*?)\}")
# aligned is converted without its columns and lines; split, which means the same, is converted correctly.
_AS = {"aligned": "split", "align": "split", "equation": ""}
_KNOWN = {"", "split", "cases", "array", "matrix", "smallmatrix", *(f"{kind}matrix" for kind in "pbBvV")}
_DEFINING = re.compile(r"\\(re)?(newcommand|newenvironment|def|let)(?![A-Za-z])")


def mathml(tex: str, *, display: bool = False) -> str:
    r"""Convert a formula.

    Parameters
    ----------
    tex : str
        TeX without the dollar signs around it.
    display : bool
        Whether it is displayed on a separate line.

    Returns
    -------
    str
        A ``<math>`` element, which is safe in any HTML page: no text in it is markup. The page also needs `CSS`. The
        TeX is its text alternative.

    Raises
    ------
    ValueError
        If the formula cannot be converted as a whole: an unknown command or environment, an ``&`` or ``\\`` outside
        of a table, more than `LONGEST` characters.
    """
    if len(tex) > LONGEST:
        raise ValueError(f"expected a formula of at most {LONGEST} characters, got {len(tex)}")
    style = "block" if display else "inline"
    try:
        if _DEFINING.search(tex):
            raise ValueError("it defines a command")
        root = Converter(display=style).convert_to_element(_ENVIRONMENT.sub(_environment, tex))
        body = "".join(map(_written, root))
    except Exception as error:  # latex2mathml's parser raises errors of many classes
        reason = f"{type(error).__name__}: {error}".removeprefix("ValueError: ").rstrip(": ")
        raise ValueError(f"expected TeX that becomes MathML as a whole, got {tex!r}: {reason}") from error
    return f'<math display="{style}" alttext="{html.escape(" ".join(tex.split()))}">{body}</math>'


def formula(tex: str, *, display: bool = False) -> str:
    """Convert a formula to MathML; one that cannot be converted is shown as TeX.

    Parameters
    ----------
    tex : str
        TeX without the dollar signs around it.
    display : bool
        Whether it is displayed on a separate line.

    Returns
    -------
    str
        HTML that is safe whatever the TeX is.
    """
    try:
        return mathml(tex, display=display)
    except ValueError:
        return f'<code class="tex">{html.escape(tex.strip())}</code>'


def _environment(match: re.Match[str]) -> str:
    r"""Write the ``\begin`` or ``\end`` of an environment so that latex2mathml converts it correctly."""
    name = _AS.get(match[2], match[2])
    if name not in _KNOWN:
        raise ValueError(f"unknown environment {match[2]}{match[3]}")
    return f"\\{match[1]}{{{name}}}" if name else ""


def _written(element: Element) -> str:
    """Write an element as text; refuse what is not clean MathML."""
    tag, raw = str(element.tag), element.text or ""
    attributes = {name: value for name, value in element.attrib.items() if name != "xmlns"}
    if _ELEMENTS.get(tag, -1) not in (None, len(element)):
        raise ValueError(f"{tag} with {len(element)} parts")
    if (_LEFT_OVER_WORDS if tag == "mtext" else _LEFT_OVER).search(_REFERENCE.sub("", raw)):
        raise ValueError(f"left over: {raw}")
    if tag == "mo" and not (raw or len(element) or "form" in attributes):
        raise ValueError("an operator without a name")
    if tag == "mi" and _UPRIGHT.fullmatch(raw):
        attributes["mathvariant"] = "normal"
    for name, value in attributes.items():
        if name not in _ATTRIBUTES or not re.fullmatch(_ATTRIBUTES[name], value):
            raise ValueError(f"{name}={value}")
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    inside = html.escape(html.unescape(raw), quote=False) + "".join(map(_written, element))
    return f"<{tag}{written}>{inside}</{tag}>"
