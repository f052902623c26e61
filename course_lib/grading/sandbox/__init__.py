"""A kernel for a learner's code, and its sandbox.

`kernel_client` is the kernel as a grader uses it, through a `connection`, and `outputs` what it may show. `provisioner`
starts it with the command of `launch`; in it, `kernel_main` drops its privileges and becomes a kernel. Its `kernel_app`
also runs notebooks of people who need no sandbox. The `zygote` makes that quick: it has imported TensorFlow and forks
kernels, which join a sandbox through `namespaces`. The sandbox is made by `bubblewrap` (with `seccomp`) and `limits`;
`resource_monitor` limits memory and processes if cgroups cannot. `compiler` tells whether there is a compiler for
kernels in C++.

What a kernel may send is limited by `connection` (bytes in memory), `outputs` (size, depth and number of what is kept)
and `notebook_runner` (all cells together).
"""
