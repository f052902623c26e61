"""Tests in a process that no learner's code runs in.

`run` runs a test, whose `session` asks the `agent` in the learner's kernel. What comes back is plain data (`plain`,
`arrays`), errors and signatures (`told`), or `proxies` of what is not plain. `channel` carries messages; `carry` brings
changes made in place back, and `recent` what was sent already. `static_names` and `definitions` read off a learner's
text what a function makes use of.
"""
