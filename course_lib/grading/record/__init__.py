"""What is left of a graded submission: `recorder` writes the `gradebook`, the notebook and the `feedback`.

`sanitized` takes out of a learner's outputs what could run in a browser.
"""
