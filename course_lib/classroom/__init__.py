"""The instructor's round trip around grading: `roster` reads the class list, `intake` collects submissions."""
