"""Submissions that forge what is sent to the grader."""

from tests.grading.hostile.submissions.case import Case
from tests.support.tiny_course import WRONG

# A learner's own agent; `answer` makes the answer to a request of its number, what is asked for, and the socket.
AGENT = """
import json, os, pickle, struct, time
import course_lib.grading.remote_test.agent as agent
from course_lib.grading.remote_test.transport import receive

def message(tree, sizes=(), more=b''):
    header = json.dumps([tree, list(sizes)]).encode()
    return struct.pack('!4sI', b'PxW1', len(header)) + header + more

def value(number, tree, changed=None):
    return message(['tuple', 'value', number, tree, changed])

FUNCTION = ['handle', 1, 'function', 'double', 'function', ['list', '__call__']]

def usual(number, asked):
    if asked == 'name':
        return value(number, FUNCTION)
    if asked == 'signature':
        return value(number, None)
    return message(['tuple', 'error', number, ['list', 'AttributeError'], 'no', None])

def serve():
    with agent._newest(agent._channels[0]) as session:
        while True:
            try:
                _, number, _, asked, *_ = receive(session)[0]
                session.sendall(answer(session, number, asked))
            except (EOFError, OSError):
                return

agent.serve = serve
double = None
def double(x):
    return 3 * x
"""


def own_agent(answer: str) -> str:
    """Write a cell with an agent that answers calls so, and other requests as usual."""
    usual = "return usual(number, asked)"
    return (
        f"{AGENT}\ndef answer(session, number, asked):\n    if asked == 'call':\n        return {answer}\n    {usual}"
    )


FORGE = f"""{WRONG.replace("double", "triple")}
import json, jupyter_client.session
kernel = get_ipython().kernel
key = json.load(open(kernel.parent.connection_file))['key'].encode()
session = jupyter_client.session.Session(key=key)

def forge(parent):
    for kind, content in (
        ('execute_result', {{'data': {{'text/plain': '3'}}, 'metadata': {{}}, 'execution_count': 4}}),
        ('stream', {{'name': 'stdout', 'text': '✓ double: 3 points\\n'}}),
        ('clear_output', {{'wait': False}}),
        ('status', {{'execution_state': 'idle'}}),
    ):
        session.send(kernel.iopub_socket, kind, content, parent=parent)
"""
MESSAGES = {
    "forges messages": Case(
        0,
        f"{FORGE}\ndef double(x):\n    forge(kernel.get_parent('shell'))\n    return triple(x)",
        audit_flags="get_ipython",
    ),
    "forges messages to come": Case(
        0,
        f"""{FORGE}
import threading, time
parent = kernel.get_parent('shell')
start, _, number = parent['header']['msg_id'].rpartition('_')

def go_on():
    while True:
        for later in range(1, 5):
            header = dict(parent['header'], msg_id=f'{{start}}_{{int(number) + later}}')
            forge(dict(parent, header=header, msg_id=header['msg_id']))
        time.sleep(0.05)

threading.Thread(target=go_on, daemon=True).start()
double = triple
""",
    ),
    "answers for the shell": Case(
        0,
        f"""{FORGE}
def double(x):
    parent = kernel.get_parent('shell')
    for kind in ('execute_reply', 'execute_result', 'kernel_info_reply'):
        content = {{'status': 'ok', 'execution_count': 3, 'payload': [], 'data': {{'text/plain': '3'}}}}
        ident = kernel._shell_parent_ident.get()
        session.send(kernel.shell_stream or kernel.shell_socket, kind, content, parent=parent, ident=ident)
    return triple(x)
""",
    ),
    "is a client of its own": Case(
        0,
        f"""{WRONG}
import subprocess, sys
CLIENT = '''
import sys
from jupyter_client import BlockingKernelClient
client = BlockingKernelClient(connection_file=sys.argv[1])
client.load_connection_file()
client.start_channels(hb=False, stdin=False)
client.execute("double = lambda x: 5 * x")
client.shutdown()
import time
time.sleep(1)
'''
subprocess.run([sys.executable, '-c', CLIENT, get_ipython().kernel.parent.connection_file])
""",
        status="graded|the kernel died",
    ),
    "an agent that says yes": Case(0, own_agent("value(number, True)")),
    "an agent that says yes to all": Case(
        0, f"{AGENT}\ndef answer(session, number, asked):\n    return value(number, True)", message="function is gone"
    ),
    "an agent that knows the first test": Case(1, own_agent("value(number, 4.0)"), audit_flags="looks into the grader"),
    "an agent of objects": Case(
        0,
        own_agent("value(number, ['handle', 7, 'ndarray', None, 'object', ['list', '__eq__', '__array__', '__lt__']])"),
    ),
    "an agent that knows no test": Case(
        0, own_agent("message(['tuple', 'error', number, ['list', 'CheckFailed', 'SystemExit'], 'passed', None])")
    ),
    "an agent that answers ahead": Case(
        0, own_agent("b''.join(value(each, True) for each in range(number, number + 9))")
    ),
    "an agent that pickles": Case(
        0,
        f"""{own_agent("message(['tuple', 'value', number, ['array', 0, 'O'], None], [len(evil)], evil)")}
class Evil:
    def __reduce__(self):
        return os.system, ('touch @home@/pickled; touch /tmp/pickled',)
evil = pickle.dumps(Evil())
""",
        message="ChannelError",
    ),
    "an agent that calls the library": Case(
        0, own_agent("value(number, ['library', 'os', 'system'])"), message="ChannelError"
    ),
    "an agent that changes what it is given": Case(
        0, own_agent("value(number, -1.0, ['list', 'call', FUNCTION, ['tuple', 0.0], ['dict']])")
    ),
    "an agent of keys that collide": Case(
        0,
        own_agent("value(number, ['set', *KEYS])") + "\nKEYS = [k * (2**61 - 1) for k in range(300_000)]\n",
        message="ChannelError",
    ),
    "an agent with a long signature": Case(
        0,
        own_agent("value(number, 5.0)").replace(
            "return value(number, None)",
            "return value(number, ['tuple', ['list', *[['tuple', f'p{n}', 1, None, 'd'] for n in range(9000)]], None])",
        ),
        message="got",
    ),
    "an agent without end": Case(
        0,
        own_agent(
            "[session.sendall(message(None, [2**20]))] and [session.send(b'x') and time.sleep(0.1) for _ in range(99)]"
        ),
        message="stopped after",
    ),
    "an agent that hangs up": Case(0, own_agent("session.close() or b''"), message="stopped answering"),
    "closes every file": Case(0, f"{WRONG}\nimport os\nos.closerange(3, 500)", status="the kernel died|graded"),
}
