"""Children that leave nothing behind: each leads a process group of its own and dies with its parent.

Only the standard library: script/run's supervisor stays in memory beside what it supervises.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PR_SET_PDEATHSIG = 1


def _tied_to_us(parent: int) -> Callable[[], None]:
    """What a child does between fork and exec: die when we die, and hear signals as usual."""
    libc = ctypes.CDLL(None, use_errno=True)

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # we died before the line above
            os._exit(1)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, set())

    return tie


def start(command: list[str], env: dict[str, str], **pipes: object) -> subprocess.Popen[str]:
    """A child in a session of its own that the kernel kills when we die."""
    return subprocess.Popen(  # type: ignore[call-overload]
        command,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_tied_to_us(os.getpid()),  # noqa: PLW1509  (this process has one thread)
        text=True,
        **pipes,
    )


def has_ended(process: subprocess.Popen[str]) -> bool:
    """Whether it ended; then also kills what it started and reaps it.

    The dead process keeps the number of its group until it is reaped, so the group is killed first.
    """
    if process.returncode is not None:
        return True
    if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        return False
    kill_group(process.pid)
    process.wait()
    return True


def kill_group(leader: int) -> None:
    """SIGKILL to everything that a child started, and to itself."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
