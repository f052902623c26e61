"""How formgrader shows a submission: nothing in it can run, and nothing is loaded from the web."""

from pathlib import Path
from typing import Any

from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode
from traitlets import default

from course_lib import formulas
from course_lib.grading.gradebook import sanitized

OWN_TEMPLATES = str(Path(__file__).parent / "templates")
FORMULAS = str(Path(formulas.__file__).parent)  # holds their style sheet


class SanitizeOutputs(SanitizeHTML):
    """Sanitize what an exporter would show unchanged. The filter that converts Markdown sanitizes it."""

    @default("safe_output_keys")
    def _safe_output_keys(self) -> set[str]:
        return {"text/plain", "text/markdown", "image/png", "image/jpeg"}

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Clean one cell. LaTeX becomes Markdown, so that the filter converts its formulas too."""
        for output in cell.get("outputs", []):
            if "text/latex" in output.get("data", {}):
                output.data["text/markdown"] = output.data.pop("text/latex")
        if cell.cell_type != "markdown":
            super().preprocess_cell(cell, resources, cell_index)
        return cell, resources

    def sanitize_html_tags(self, html_str: str) -> str:
        """Sanitize HTML as for the feedback page."""
        return sanitized.html(html_str)
