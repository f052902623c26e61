"""Running and grading notebooks.

A submission passes through these modules, from file to grade:

- found and put right: `submissions`, `reading`, `normalize` (with `template`, `recognize`, `mended`), `notes` (with
  `syntax`)
- spread over processes and machines: `runner`, `pool`, `process`, `results`; `outcome` is what travels
- one of them graded: `single`, `scores`
- the learner's kernel: `learner`, `outputs`, `provisioner`, `launch`, `inside`, `warm`, `namespaces`
- its walls: `sandbox`, `syscalls`, `limits`, `watch`
- tests in another process than the learner's code: `trusted`, `session`, `proxies`, `static_names` (with
  `definitions`); `agent` answers them in the learner's; `channel`, `plain`, `arrays`, `carry`, `recent` and `told`
  bring plain data there and back
- recorded: `recorder`, `gradebook`, `feedback` (with `sanitized`), `report`

`execution` and `preprocess` serve notebooks of people who need no sandbox: their own, and plain ``nbgrader autograde``.
"""
