"""Trying answers to a unit's exercises, as `ci/check_answers.py` and `course answers` do.

- `trial`: an answer in place of the solution, and what its tests say
- `here`, `apart`: where it runs: as in a notebook, or as in a grade; with `shared_names`, `apart` finds out whether
  that makes a difference
- `unit`: all answers of a unit's banks; `verdicts` stores the results, `library` finds the code that they depend on
- `add`: turning a learner's cell into an answer of a bank
"""
