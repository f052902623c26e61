"""Steps that this course adds to nbgrader's own."""

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from course_lib.grading.scores import normalize_outputs


class MendOutputs(NbGraderPreprocessor):
    """Mend the outputs that nbgrader misreads, between executing and scoring a notebook."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, object], index: int
    ) -> tuple[NotebookNode, dict[str, object]]:
        """Mend one cell; see `normalize_outputs`."""
        if cell.cell_type == "code":
            normalize_outputs(cell)
        return cell, resources


class ClearHiddenTracebacks(NbGraderPreprocessor):
    """Drop the tracebacks of hidden tests, which quote their source; what was raised stays."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, object], index: int
    ) -> tuple[NotebookNode, dict[str, object]]:
        """Clear one cell; `CheckFailed` shows no traceback anyway."""
        if "### BEGIN HIDDEN TESTS" in cell.source:
            for output in cell.get("outputs", []):
                if output.output_type == "error" and output.ename != "CheckFailed":
                    output.traceback = [f"{output.ename}: {output.evalue}"]
        return cell, resources
