"""A kernel for a learner's code, and the walls around it.

`learner` is the kernel as a grader uses it, through a `connection`, and `outputs` what it may show. `provisioner`
starts it with the command of `launch`; in it, `inside` gives away its rights and becomes a kernel, whose `application`
also runs notebooks of people who need no sandbox. `warm` makes that quick: its process has imported TensorFlow and
forks kernels, which join a sandbox through `namespaces`. The walls are made by `sandbox` (with `syscalls`) and
`limits`; `watch` looks after memory and processes where cgroups cannot.
"""
