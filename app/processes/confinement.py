"""A process that runs what others wrote, a query or a shape: it may eat no more memory than it is given, open no
socket, and outlive nobody. What it does with its time, its parent must end.
"""

import ctypes
import errno
import multiprocessing
import os
import platform
import resource
import signal
import socket
import struct
import sys
import threading
from multiprocessing.connection import wait
from pathlib import Path

OOM_SCORE = 800
"""Of 1000: when the machine runs out of memory, the kernel takes a worker and not the server."""


def confine(parent: int, memory_mb: int, port: int = 0) -> None:
    """Confine this process for good, and every thread it starts from now on; ``parent`` is who started it. With a ``port``
    it may connect to that one, by TCP, and to no other."""
    _die_with(parent)
    _limit(memory_mb)
    _forbid_sockets(but_tcp=bool(port))
    if port:
        _forbid_ports_but(port)


def end_with_client() -> None:
    """Have a thread end this process of ``multiprocessing`` when the process that asked for it ends, however it ends. The
    parent is no guide where processes are forked by a server of their own."""
    client = multiprocessing.parent_process()
    assert client is not None

    def watch() -> None:
        wait([client.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _die_with(parent: int) -> None:
    """End when the parent does, however it ends. The end of our input says it too, but not during an
    evaluation."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)
    # A terminal's Ctrl-C goes to the whole group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _limit(memory_mb: int) -> None:
    size = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    score = Path("/proc/self/oom_score_adj")
    if score.exists():
        score.write_text(str(OOM_SCORE))


SOCKET_CALLS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""Of each processor: its number in the kernel's audit, and that of the system call ``socket``."""


PR_SET_SECCOMP, FILTER_MODE = 22, 2
"""Of prctl(2)."""


def can_forbid_sockets() -> bool:
    """Whether the kernel can refuse a process its sockets here: seccomp filters, on a processor whose calls are known."""
    if sys.platform != "linux" or platform.machine() not in SOCKET_CALLS:
        return False
    # Given no filter, a kernel that takes filters finds fault with the address, and any other with the request (prctl(2)).
    refused = ctypes.CDLL(None, use_errno=True).prctl(PR_SET_SECCOMP, FILTER_MODE, None, 0, 0)
    return bool(refused) and ctypes.get_errno() == errno.EFAULT


def _forbid_sockets(but_tcp: bool) -> None:
    """Have the kernel refuse this process any socket, or any but TCP over IPv4 (seccomp): a second wall behind the refusal of
    SERVICE.

    A worker has nothing to ask of any network. Where the kernel or the processor knows no such filter, the
    first wall stands alone.
    """
    architecture = SOCKET_CALLS.get(platform.machine())
    if sys.platform != "linux" or architecture is None:
        return
    audit, call = architecture
    load, mask, jump_equal, jump_from, leave = 0x20, 0x54, 0x15, 0x35, 0x06
    refuse, allow = 0x00050000 | 1, 0x7FFF0000  # SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_ALLOW
    is_tcp = [
        (load, 0, 0, 16),  # the first argument: the family
        (jump_equal, 0, 3, socket.AF_INET),
        (load, 0, 0, 24),  # the second: the type, with flags
        (mask, 0, 0, 0xF),
        (jump_equal, 1, 0, socket.SOCK_STREAM),
    ]
    exceptions = is_tcp if but_tcp else []
    steps = [
        (load, 0, 0, 4),  # the architecture of the call: another has other numbers
        (jump_equal, 0, 3 + len(exceptions), audit),
        (load, 0, 0, 0),  # its number; those of x32 begin here
        (jump_from, 1 + len(exceptions), 0, 0x40000000),
        (jump_equal, 0, 1 + len(exceptions), call),
        *exceptions,
        (leave, 0, 0, refuse),
        (leave, 0, 0, allow),
    ]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))

    class Filter(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]

    pr_set_no_new_privs = 38
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(pr_set_no_new_privs, 1, 0, 0, 0)
    prctl(PR_SET_SECCOMP, FILTER_MODE, ctypes.byref(Filter(len(steps), ctypes.addressof(program))), 0, 0)


LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
"""System calls, the same on every processor (landlock(7))."""


def can_forbid_ports() -> bool:
    """Whether the kernel can refuse connections by their port: Linux 6.7 and later, where Landlock is on."""
    if sys.platform != "linux":
        return False
    version: int = ctypes.CDLL(None, use_errno=True).syscall(LANDLOCK_CREATE, None, 0, 1)
    return version >= 4


def _forbid_ports_but(port: int) -> None:
    """Have the kernel refuse this process TCP but to ``port`` (landlock(7)). Where it cannot, the address in the query, which
    has been replaced, is all that leads there."""
    if not can_forbid_ports():
        return
    bind, connect, rule_of_port = 1, 2, 2
    library = ctypes.CDLL(None, use_errno=True)
    handled = ctypes.create_string_buffer(struct.pack("QQ", 0, bind | connect), 16)
    rules = library.syscall(LANDLOCK_CREATE, ctypes.byref(handled), 16, 0)
    exception = ctypes.create_string_buffer(struct.pack("QQ", connect, port), 16)
    added = library.syscall(LANDLOCK_ADD, rules, rule_of_port, ctypes.byref(exception), 0)
    if rules < 0 or added or library.syscall(LANDLOCK_RESTRICT, rules, 0):
        raise OSError(ctypes.get_errno(), "Landlock")
    os.close(rules)
