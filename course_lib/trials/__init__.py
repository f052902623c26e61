"""Trying answers to a unit's exercises, as `ci/check_answers.py` and `course answers` do.

- `trial`: an answer in the place of the solution, and what its tests say
- `here`, `apart`: where it runs: as in a notebook, or as in a grade
- `unit`: all answers of a unit's banks; `verdicts` keeps the results, `library` says which code they depend on
- `add`: a learner's cell becomes an answer of a bank
"""
