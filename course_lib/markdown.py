"""Markdown as notebooks have it, with formulas as MathML."""

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from course_lib.formulas import formula


class MathMLRenderer(IPythonRenderer):
    """nbconvert's renderer, which leaves formulas to MathJax; this one converts them."""

    def show(self, tex: str, *, display: bool) -> str:
        """Write a formula as HTML."""
        return formula(tex, display=display)

    def block_math(self, body: str) -> str:
        """Write a formula that stands alone."""
        return self.show(body, display=True)

    def inline_math(self, body: str) -> str:
        """Write a formula within a line."""
        return self.show(body, display=False)

    def latex_environment(self, name: str, body: str) -> str:
        """Write an environment that stands without dollar signs."""
        return self.show(f"\\begin{{{name}}}{body}\\end{{{name}}}", display=True)


def to_html(text: str, renderer: MathMLRenderer) -> str:
    """Convert Markdown; HTML in it stays as it is, unless the renderer escapes it."""
    return str(MarkdownWithMath(renderer=renderer).render(text))
