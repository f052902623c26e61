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
