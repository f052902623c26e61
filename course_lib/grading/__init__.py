"""Running and grading notebooks."""
