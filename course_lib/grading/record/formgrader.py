"""How formgrader shows a submission: nothing in it can run, and nothing comes from the web."""

from pathlib import Path
from typing import Any

from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode
from nbgrader.server_extensions.formgrader.handlers import template_path
from traitlets import default

from course_lib.grading.record import sanitized

TEMPLATES = [str(Path(__file__).parent / "templates"), template_path]


class SanitizeOutputs(SanitizeHTML):
    """Clean what an exporter would show as it is. Markdown is cleaned by the filter that converts it."""

    @default("safe_output_keys")
    def _safe_output_keys(self) -> set[str]:
        return {"text/plain", "text/latex", "text/markdown", "application/json", "image/png", "image/jpeg"}

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], cell_index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Clean one cell."""
        if cell.cell_type != "markdown":
            super().preprocess_cell(cell, resources, cell_index)
        return cell, resources

    def sanitize_html_tags(self, html_str: str) -> str:
        """Clean HTML as the feedback page does."""
        return sanitized.html(html_str)
