"""What a class got wrong in a unit, from the grader's results, without the names of learners.

- `class_results`: the learners of a unit, with their points and messages
- `statistics`: how hard an exercise is, and how well it separates learners
- `messages`: the slip that a message names; `findings` counts slips, and groups the other failures
- `examples`: an answer of each kind; `anonymous` removes what identifies its learner
- `unit`: all of it for one unit; `pages` writes it as HTML and JSON
"""
