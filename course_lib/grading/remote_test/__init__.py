"""Tests in a process in which no learner's code runs.

`run_test` runs a test, whose `session` asks the `agent` in the learner's kernel. The answers are plain data (`codec`,
`array_codec`), errors and signatures (`reconstruct`), or `proxies` for other objects. `transport` carries messages;
`write_back` repeats changes in place on this side, and `identity` recognizes objects that were sent before. Everything
that a learner's process may send is limited: messages in size (`transport`), values in depth and number (`codec`), text
(`reconstruct`), items of an iterator (`proxies`), and time (`run_test`). The outputs of its cells take another path,
see `course_lib.grading.sandbox`. `course_lib.code_names` finds in a learner's text which names a function uses.
"""
