"""Tests in a process that no learner's code runs in.

`run_test` runs a test, whose `session` asks the `agent` in the learner's kernel. What is sent back is plain data
(`codec`, `array_codec`), errors and signatures (`reconstruct`), or `proxies` of what is not plain. `transport` carries
messages; `write_back` makes changes in place on this side too, and `identity` knows what was sent already.
What a learner's process may send is bounded: messages in size (`transport`), values in depth and number (`codec`), text
(`reconstruct`), items of an iterator (`proxies`), and time (`run_test`). What its cells show comes another way, see
`course_lib.grading.sandbox`.
`course_lib.code_names` reads off a learner's text what a function makes use of.
"""
