"""Kernels of people who need no sandbox: no reply of theirs is overlooked."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any

import pytest
import zmq
import zmq.asyncio
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.session import Session

from course_lib.grading.execution import CourseKernel, WakingChannel


async def is_noticed(kind: type[AsyncZMQSocketChannel]) -> bool:
    """Send something when a reply has just come; tell whether who waits for the reply gets it."""
    session = Session(key=b"of a test")
    context: Any = zmq.asyncio.Context()
    client, kernel = context.socket(zmq.DEALER), zmq.Context(context).socket(zmq.ROUTER)
    kernel.bind("inproc://kernel")
    client.connect("inproc://kernel")
    channel = kind(client, session)
    channel.send(session.msg("execute_request"))
    asker, _ = session.feed_identities(kernel.recv_multipart())
    reply: Awaitable[Any] = channel.get_msg(timeout=60)
    waiting = asyncio.ensure_future(reply)
    await asyncio.sleep(0.1)
    session.send(kernel, "execute_reply", ident=asker)
    time.sleep(0.1)  # the loop is busy meanwhile
    channel.send(session.msg("comm_msg"))
    await asyncio.wait([waiting], timeout=1)
    got = waiting.done() and waiting.result()["msg_type"] == "execute_reply"
    waiting.cancel()
    client.close(0)
    kernel.close(0)
    return got


@pytest.mark.parametrize(("kind", "noticed"), [(AsyncZMQSocketChannel, False), (WakingChannel, True)], ids=str)
def test_a_reply_is_noticed_that_comes_while_something_is_sent(
    kind: type[AsyncZMQSocketChannel], noticed: bool
) -> None:
    """Should Jupyter's own channel ever pass, ours is no longer needed."""
    assert asyncio.run(is_noticed(kind)) is noticed


def test_the_kernel_s_client_sends_on_such_a_channel() -> None:
    kernel = CourseKernel()
    client = kernel.client()
    kernel.write_connection_file()
    client.load_connection_file()
    assert isinstance(client.shell_channel, WakingChannel)
    client.stop_channels()
    asyncio.run(kernel.cleanup_resources())
