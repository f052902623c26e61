"""Markdown as in notebooks, with formulas as MathML."""

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from course_lib.formulas import formula


class MathMLRenderer(IPythonRenderer):
    """nbconvert's renderer, but formulas are converted instead of left to MathJax."""

    def show(self, tex: str, *, display: bool) -> str:
        """Write a formula as HTML."""
        return formula(tex, display=display)

    def block_math(self, body: str) -> str:
        """Write a displayed formula."""
        return self.show(body, display=True)

    def inline_math(self, body: str) -> str:
        """Write a formula within a line."""
        return self.show(body, display=False)

    def latex_environment(self, name: str, body: str) -> str:
        """Write an environment without dollar signs around it."""
        return self.show(f"\\begin{{{name}}}{body}\\end{{{name}}}", display=True)


def to_html(text: str, renderer: MathMLRenderer) -> str:
    """Convert Markdown; HTML in it is kept as it is, unless the renderer escapes it."""
    return str(MarkdownWithMath(renderer=renderer).render(text))
