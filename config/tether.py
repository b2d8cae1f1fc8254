"""Ties a process to the one that started it, where script/run started them."""

import ctypes
import multiprocessing
import os
import signal

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent dies; only under script/run's supervisor.

    granian serves from a process that it spawns. When granian itself is killed, or the supervisor and
    with it granian, that process would live on with the port in its hands.
    """
    parent = multiprocessing.parent_process()
    if parent is None or "JIEFENG_SUPERVISED" not in os.environ:
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent.pid:  # it died before the line above
        os._exit(1)
