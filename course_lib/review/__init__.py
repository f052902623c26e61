"""Grading one exercise of a whole class by hand: `course review`.

`answers` collects what was handed in, `order` arranges it, `decisions` writes into the gradebook, and `comments` keeps
comments for reuse. `session` joins them, `pages` shows them, and `server` lets a browser on this machine see the pages.
"""
