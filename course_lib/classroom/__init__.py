"""The instructor's round trip around grading: `roster` reads the class list that it needs."""
