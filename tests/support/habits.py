"""What people write in notebooks without harm, as data: none of it may cost points anywhere.

The entries of a list are separated by a line ``---``. `test_habits` gives each an exercise of its own, and says where
the entries of each list stand in it.
"""

import re


def entries(text: str) -> list[str]:
    """Split a list into its entries."""
    return [entry.strip("\n") for entry in re.split(r"^---$", text, flags=re.MULTILINE)]


# Magics that are not among the entries, and why.
LEFT_OUT = {
    "pastebin": "sends a notebook to a website",
    **dict.fromkeys(("ed", "edit"), "asks for an editor, which no notebook has"),
    **dict.fromkeys(("mamba", "micromamba", "uv"), "a program that the course does not install"),
}

# Plain Python: before and behind the function in its cell, and in its body.
PYTHON = """
import warnings; warnings.simplefilter("error")
---
import warnings
with warnings.catch_warnings(): warnings.simplefilter("ignore"); warnings.warn("hidden")
---
np.seterr(all="raise")
---
np.set_printoptions(precision=1, threshold=3)
---
import random; random.seed(1); np.random.seed(1)
---
import logging; logging.basicConfig(level=logging.DEBUG); logging.debug("begun")
---
import sys; sys.setrecursionlimit(100_000)
---
import os; os.makedirs("sub", exist_ok=True); os.chdir("sub"); os.chdir("..")
---
import os; os.environ["CUDA_VISIBLE_DEVICES"] = "0"; os.environ["TF_CPP_MIN_LOG_LEVEL"] = "0"
---
import os; os.makedirs("results/deep", exist_ok=True); open("results/deep/log.txt", "a").write("x")
---
from IPython.display import HTML, Image, Markdown, Math, clear_output, display
display(HTML("<b>bold</b>"), Markdown("*it*"), Math("x^2")); clear_output()
---
from IPython.display import display; shown = display("text", display_id=True); shown.update("other")
---
from tqdm import tqdm; [_ for _ in tqdm(range(3))]
---
from tqdm.auto import tqdm, trange; [_ for _ in trange(3)]
---
from tqdm.notebook import tqdm; [_ for _ in tqdm(range(3))]
---
import ipywidgets; ipywidgets.IntSlider(); ipywidgets.interact(lambda x: x, x=3)
---
import ipywidgets; out = ipywidgets.Output()
with out: print("in a widget")
---
import threading, time
def talk(): [(print("still here"), time.sleep(0.01)) for _ in range(20)]
threading.Thread(target=talk, daemon=True).start()
---
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(2) as pool: list(pool.map(abs, range(4)))
---
import multiprocessing
with multiprocessing.get_context("fork").Pool(2) as pool: pool.map(abs, range(4))
---
import subprocess; subprocess.run(["ls"], capture_output=True, check=True)
---
import matplotlib.pyplot as plt; plt.ion(); plt.plot([1, 2]); plt.show(); plt.close("all")
---
import matplotlib; matplotlib.use("TkAgg"); import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()
---
import matplotlib; matplotlib.use("Qt5Agg"); matplotlib.use("nbAgg"); matplotlib.use("module://ipympl.backend_nbagg")
---
import matplotlib; matplotlib.use("Agg"); matplotlib.use("inline"); matplotlib.rcParams["figure.dpi"] = 50
---
import matplotlib.pyplot as plt; plt.rcParams.update({"figure.figsize": (2, 2)}); plt.style.use("ggplot"); plt.figure();
---
import matplotlib.pyplot as plt; plt.switch_backend("WebAgg"); plt.plot([1]); plt.pause(0.01); plt.switch_backend("agg")
---
from dataclasses import dataclass
@dataclass(frozen=True)
class Size:
    height: int = 1
assert Size(2).height == 2
---
from typing import TypeAlias; Picture: TypeAlias = np.ndarray
---
from enum import Enum; Color = Enum("Color", "RED GREEN")
---
import functools; cached = functools.lru_cache(lambda x: x); cached(1)
---
import pickle; pickle.dumps(np.zeros(3))
---
if __name__ == "__main__": print("a program")
---
def main(): return 0
assert main() == 0
---
import gc; gc.collect(); gc.disable()
---
import faulthandler; faulthandler.enable()
---
import decimal; decimal.getcontext().prec = 3
---
import locale; locale.setlocale(locale.LC_ALL, "C")
---
import signal; signal.signal(signal.SIGALRM, signal.SIG_IGN)
---
import sys; sys.path.append("."); sys.dont_write_bytecode = True; sys.argv = ["program"]; sys.ps1 = "> "
---
import sys; print("words", file=sys.stderr); sys.stdout.write("words"); sys.stdout.flush(); print(end="", flush=True)
---
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()): print("caught")
---
import time; time.sleep(0.01); time.perf_counter(); __import__("datetime").datetime.now()
---
import tempfile
with tempfile.TemporaryDirectory() as folder: open(folder + "/x", "w").close()
---
import pathlib; pathlib.Path("own.py").write_text("value = 3"); import own; assert own.value == 3
---
import importlib; import json; importlib.reload(json)
---
try: 1 / 0
except ZeroDivisionError as error: print(error)
---
assert True; del_me = 1; del del_me
---
a = b = data = result = expected = came = answer = test = i = 0
---
_ = 3; __ = 4
---
import numpy; import numpy as np; from numpy import array, zeros
---
import skimage, skimage.data; skimage.data.chelsea()
---
import inspect; inspect.currentframe()
---
import cProfile; cProfile.run("1 + 1")
---
import timeit; timeit.timeit("1", number=1)
---
import doctest; doctest.testmod()
---
import unittest
class Case(unittest.TestCase):
    def test_it(self): self.assertTrue(True)
unittest.main(argv=["x"], exit=False)
---
import builtins; builtins.print = print
---
import traceback; traceback.print_stack()
---
import atexit; atexit.register(print, "bye")
---
import platform, sys; print(platform.platform(), sys.version, np.__version__)
---
import pprint; pprint.pprint({"a": 1})
---
import getpass, socket; getpass.getuser(); socket.gethostname()
---
import glob, shutil; glob.glob("*"); shutil.disk_usage(".")
"""

# What may not stand in a function: before and behind it in its cell.
LINES = """
%matplotlib inline
---
%matplotlib
---
%matplotlib --list
---
%matplotlib tk
---
%matplotlib qt
---
%matplotlib widget
---
%matplotlib notebook
---
%matplotlib ipympl
---
%gui tk
---
%gui
---
%gui asyncio
---
%config InlineBackend.figure_format = "retina"
---
%config InlineBackend.rc = {"figure.figsize": (2, 2)}
---
%config InteractiveShell.ast_node_interactivity = "all"
---
%config InteractiveShell.ast_node_interactivity = "last_expr_or_assign"
---
%config InteractiveShell.ast_node_interactivity = "last_expr"
---
%config Completer.use_jedi = False
---
%config ZMQInteractiveShell
---
%load_ext autoreload
%autoreload 2
---
%reload_ext autoreload
%unload_ext autoreload
---
from __future__ import annotations
---
await __import__("asyncio").sleep(0)
---
import asyncio
task = asyncio.create_task(asyncio.sleep(0.01)); await task
---
!ls
---
!echo hello > hello.txt && cat hello.txt
!echo "value = 3" > own.py
---
files = !ls
---
!!ls
---
%sx ls
---
%system ls
---
%sc -l files=ls
---
%ls
%ldir
%lf
%lk
%ll
%lx
---
%mkdir -p made
%rm -rf made
%mkdir made
%rmdir made
%cp hello.txt other.txt
%mv other.txt third.txt
---
%cat hello.txt
---
%less hello.txt
%more hello.txt
%man ls
---
%pycat own.py
%load own.py
%loadpy own.py
%run own.py
%run -i own.py
---
%cd ..
%cd -
%pwd
%pushd ..
%popd
%dirs
%dhist
%bookmark here
%bookmark -l
---
%env
%env LEVEL=3
%set_env LEVEL 3
---
%time sum(range(3))
%timeit -n 1 -r 1 sum(range(3))
%prun -q sum(range(3))
---
%who
%who_ls
%whos
---
%reset_selective -f ^zzz
---
%xdel unused
---
%lsmagic
%magic
%quickref
---
%pinfo np.zeros
%pinfo2 np.zeros
%pdef np.zeros
%pdoc np.zeros
%psource np.asarray
%pfile json
%psearch np.zer*
---
np.zeros?
---
?np.zeros
---
%page np
%pprint
%precision 3
%colors nocolor
%colors linux
---
%doctest_mode
%doctest_mode
---
%xmode Minimal
%xmode Verbose
%xmode Context
---
%automagic off
%automagic on
---
%autocall 1
%autocall 0
---
%autoawait
%autoawait on
---
%autosave 60
---
%alias show echo
%show it
%unalias show
---
%alias_magic -l tt timeit
---
%macro both 1
---
%hist
%history -n 1-2
---
%recall 1
%rep 1
%rerun 1
---
%save -f saved.py 1
---
%store
---
%logstart -o log.py append
%logstate
%logoff
%logon
%logstop
---
%notebook exported.ipynb
---
%killbgscripts
---
%pdb on
%pdb off
---
%tb
---
%connect_info
%subshell
---
%qtconsole
---
%clear
---
%code_wrap --list
---
%pip --version
---
%rehashx
---
from ipykernel.connect import get_connection_file, get_connection_info; get_connection_file(); get_connection_info()
---
from ipykernel.kernelapp import IPKernelApp; assert IPKernelApp.initialized(); IPKernelApp.instance().kernel
---
get_ipython().run_line_magic("matplotlib", "inline")
---
get_ipython().run_cell("1 + 1")
---
get_ipython().system("ls")
---
get_ipython().events.register("post_run_cell", lambda result: None)
---
exit()
---
quit()
---
exit
---
In, Out, _, __, _ih, _oh, _dh
---
1;
---
"a string"
---
0.5
---
None
"""

# Whole cells: before the function's cell, and behind the test.
CELLS = """
%%writefile mine.py
def helper(x):
    return x
---
import mine
assert mine.helper(2) == 2
---
%%file -a notes.txt
a line
---
%%capture caught
print("caught")
---
%%time
twice = 2
---
%%timeit -n 1 -r 1
twice = 2
---
%%prun -q
twice = 2
---
%%bash
echo hello; pwd
---
%%sh
echo hello
---
%%script bash --no-raise-error
exit 3
---
%%!
ls
---
%%sx
ls
---
%%system
ls
---
%%perl --no-raise-error
print "hello";
---
%%ruby --no-raise-error
puts "hello"
---
%%pypy --no-raise-error
print("hello")
---
%%python
print("hello")
---
%%python3
print("hello")
---
%%python2 --no-raise-error
print "hello"
---
%%html
<b>bold</b>
---
%%HTML
<b>bold</b>
---
%%svg
<svg xmlns="http://www.w3.org/2000/svg"/>
---
%%SVG
<svg xmlns="http://www.w3.org/2000/svg"/>
---
%%javascript
console.log(1)
---
%%js
console.log(1)
---
%%latex
$x^2$
---
%%markdown
*it*
---
%%code_wrap wrapped
__code__
__ret__
---
%code_wrap --remove wrapped
---
import asyncio

async def later():
    return 3

assert await later() == 3
---
async with __import__("asyncio").timeout(5):
    pass
"""

# What runs a cell in its own way: above the function in its cell.
WRAPPERS = """
%%time
---
%%capture
---
%%capture caught
---
%%prun -q
---
%%time
# a comment

---
%%capture --no-stdout
%matplotlib inline
---
%%capture
!ls
"""

# Errors, which end their cell: before the function's cell, and behind the test.
ERRORS = """
input("your name? ")
---
import asyncio; asyncio.run(asyncio.sleep(0))
---
import sys; sys.exit()
---
import sys; sys.exit(3)
---
raise SystemExit
---
raise KeyboardInterrupt
---
%debug
---
breakpoint()
---
import getpass; getpass.getpass()
---
import sys; sys.stdin.readline() or sys.exit()
---
1 / 0
---
raise ValueError("\\ud800")
---
def broken(:
---
%nosuchmagic
---
%%nosuchmagic
---
import nosuchmodule
---
%load_ext nosuchextension
---
%run nosuchfile.py
---
import tkinter; tkinter.Tk()
---
%conda list
"""

# What changes the notebook for all that follows: before the function's cell.
STATES = """
%reset -f
import numpy as np
---
import builtins; builtins.print = lambda *words, **settings: None
---
print = lambda *words, **settings: None
---
import io, sys; sys.stdout = io.StringIO()
---
import sys; sys.stdout = sys.__stdout__; sys.stderr = sys.__stderr__
---
input = id = type_ = call = passed = name = answer = test = 0
---
import os; path = dict(os.environ); os.environ.clear(); os.environ.update(path)
---
import sys; sys.stdin = None; sys.argv = []
---
%config InteractiveShell.ast_node_interactivity = "all"
---
%config InteractiveShell.cache_size = 0
---
%xmode Plain
---
from numpy import *
import numpy as np
---
%pylab inline
import numpy as np
---
%pylab --no-import-all qt
---
__name__ = "notebook"
---
import warnings; warnings.showwarning = lambda *words, **settings: None
---
np.set_printoptions(formatter={"all": lambda number: "?"}); np.seterr(all="raise")
---
sum = 0
"""

# Settings of TensorFlow: before the function's cell.
TENSORFLOW = """
import os; os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
---
import tensorflow as tf; tf.config.threading.set_inter_op_parallelism_threads(1)
tf.config.threading.set_intra_op_parallelism_threads(1); tf.config.set_visible_devices([], "GPU")
---
print(tf.__version__, tf.config.list_physical_devices("GPU"), tf.test.is_built_with_cuda())
---
tf.get_logger().setLevel("ERROR"); tf.autograph.set_verbosity(0); tf.compat.v1.logging.set_verbosity("ERROR")
---
tf.random.set_seed(0); tf.keras.utils.set_random_seed(0); tf.config.experimental.enable_op_determinism()
---
tf.function(lambda x: x + 1, jit_compile=True)(tf.ones(3))
---
tf.config.run_functions_eagerly(True); tf.function(lambda x: x + 1)(tf.ones(3)); tf.config.run_functions_eagerly(False)
---
tf.config.optimizer.set_jit(True)
---
tf.debugging.enable_check_numerics()
---
tf.debugging.disable_check_numerics(); tf.debugging.set_log_device_placement(True); tf.ones(3) + 1
---
tf.keras.backend.clear_session(); tf.keras.backend.set_floatx("float64")
---
tf.keras.mixed_precision.set_global_policy("mixed_float16")
---
tf.keras.config.disable_traceback_filtering(); tf.keras.config.disable_interactive_logging()
---
model = tf.keras.Sequential([tf.keras.layers.Dense(1)]); model.compile("sgd", "mse")
model.fit(tf.ones((4, 2)), tf.ones((4, 1)), epochs=1)
---
tf.print("words"); tf.experimental.numpy.experimental_enable_numpy_behavior()
"""
