"""The other side of `decoders`: a small process that has the decoders loaded, and forks one child for each picture.

It is started with `python -m`, knows neither settings nor secrets, and ends when its parent does. Each child has the
bounds of `Allowance`, does one job and ends; what it leaves behind is memory of nobody.
"""

from __future__ import annotations

import gc
import io
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from PIL import Image

from . import pixels

# A message: the length of a JSON head, the head, and bytes whose lengths the head tells.
HEAD = struct.Struct("!I")
# How a job ended: the status of waitpid(2), and whether it was ended for being late.
STATUS = struct.Struct("!i?")
_DATA_FD, _FIRST_OTHER_FD, _FILES_MAX = 3, 4, 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """What one picture may cost: bytes of address space, seconds of processor, seconds by the clock."""

    memory_bytes: int
    cpu_s: int
    wall_s: float


@dataclass(slots=True)
class _Job:
    status_fd: int
    ends_at: float
    is_late: bool = False


def pack(head: dict[str, object], *blobs: bytes) -> bytes:
    """A message."""
    text = json.dumps({**head, "lengths": [len(one) for one in blobs]}).encode()
    return b"".join((HEAD.pack(len(text)), text, *blobs))


def unpack(message: bytes) -> tuple[dict[str, object], list[bytes]]:
    """Head and bytes of a message. Raises ValueError for one that is not whole or says something else."""
    try:
        (length,) = HEAD.unpack_from(message)
        at = HEAD.size + length
        head = json.loads(message[HEAD.size : at])
        blobs = []
        for size in head["lengths"]:
            blobs.append(message[at : at + size])
            at += size
    except (struct.error, TypeError, KeyError, RecursionError) as error:
        raise ValueError("no message") from error
    if at != len(message):
        raise ValueError("not whole")
    return head, blobs


def decode(message: bytes) -> bytes:
    """The one job of a child: what a picture is refused for, or what was asked of it."""
    head, (data,) = unpack(message)
    given: dict[str, object] = dict(head["bounds"])  # type: ignore[call-overload]
    bounds = pixels.Bounds(**{**given, "formats": tuple(given["formats"])})  # type: ignore[arg-type]
    widths: tuple[int, ...] = tuple(head["widths"])  # type: ignore[arg-type]
    try:
        if head["what"] == "read":
            image = pixels.read(data=data, max_width=widths[-1], bounds=bounds)
            return pack({"size": image.size}, image.tobytes())
        files, height = pixels.render(data=data, widths=widths, is_square=bool(head["is_square"]), bounds=bounds)
        return pack({"widths": list(files), "height": height}, *files.values())
    except pixels.Refused as refused:
        return pack({"refused": refused.code})
    except MemoryError:
        return pack({"refused": "too_costly"})


def warm_up() -> None:
    """Load what decoders load with their first picture: a child would do it each time."""
    bounds = pixels.Bounds(
        formats=("JPEG", "PNG", "WEBP"), max_pixels=64, min_side_px=1, max_ratio=1, max_scans=1, max_profile_bytes=0
    )
    for name in bounds.formats:
        sheet = io.BytesIO()
        Image.new("RGB", (8, 8)).save(sheet, name)
        pixels.render(data=sheet.getvalue(), widths=(8,), is_square=False, bounds=bounds)


def serve(*, allowance: Allowance, work: Callable[[bytes], bytes] = decode) -> None:
    """Take jobs from standard input, a socket: each is a byte with two descriptors, the socket of its data and the
    pipe of its STATUS. Returns when the socket ends; children that are still at work are ended then."""
    control = socket.socket(fileno=os.dup(0))
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, _ignore)  # a handler, or nothing would be written to the pipe
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    gc.freeze()  # or collecting would copy every page in every child
    jobs: dict[int, _Job] = {}
    sources: list[socket.socket | int] = [control, wake]
    while True:
        next_end = min((job.ends_at for job in jobs.values() if not job.is_late), default=None)
        waiting = None if next_end is None else max(0.0, next_end - time.monotonic())
        ready, _, _ = select.select(sources, [], [], waiting)
        if wake in ready:
            os.read(wake, 4096)
        _end_late(jobs)
        _reap(jobs)
        if control in ready and not _take(control, jobs, allowance, work):
            for pid in jobs:
                os.kill(pid, signal.SIGKILL)
            return


def _ignore(_number: int, _frame: FrameType | None) -> None:
    pass


def _take(control: socket.socket, jobs: dict[int, _Job], allowance: Allowance, work: Callable[[bytes], bytes]) -> bool:
    """Start the next job; False when there will be none."""
    try:
        told, descriptors, _, _ = socket.recv_fds(control, 1, 2)
    except ConnectionError:
        return False
    if not told or len(descriptors) != 2:
        return False
    data, status = descriptors
    pid = os.fork()
    if not pid:
        _work(data, allowance, work)
    os.close(data)
    jobs[pid] = _Job(status, time.monotonic() + allowance.wall_s)
    return True


def _work(data: int, allowance: Allowance, work: Callable[[bytes], bytes]) -> None:
    """What the child does; it never returns. Whatever is raised, its status tells."""
    code = os.EX_SOFTWARE
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(data, _DATA_FD)  # and nothing else: not what other jobs are asked or answered
        os.closerange(_FIRST_OTHER_FD, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        for kind, most in (
            (resource.RLIMIT_AS, allowance.memory_bytes),
            (resource.RLIMIT_CPU, allowance.cpu_s),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_NOFILE, _FILES_MAX),
        ):
            resource.setrlimit(kind, (most, most + (kind == resource.RLIMIT_CPU)))
        with socket.socket(fileno=_DATA_FD) as connection:
            pieces = []
            while piece := connection.recv(1 << 20):
                pieces.append(piece)
            connection.sendall(work(b"".join(pieces)))
        code = os.EX_OK
    finally:
        os._exit(code)


def _end_late(jobs: dict[int, _Job]) -> None:
    now = time.monotonic()
    for pid, job in jobs.items():
        if not job.is_late and job.ends_at <= now:
            job.is_late = True
            os.kill(pid, signal.SIGKILL)  # not reaped yet, so the number is still its own


def _reap(jobs: dict[int, _Job]) -> None:
    for pid in list(jobs):
        done, status = os.waitpid(pid, os.WNOHANG)
        if not done:
            continue
        job = jobs.pop(pid)
        try:
            os.write(job.status_fd, STATUS.pack(status, job.is_late))
        except BrokenPipeError:
            pass  # who asked is gone
        finally:
            os.close(job.status_fd)


if __name__ == "__main__":
    warm_up()
    serve(allowance=Allowance(**json.loads(sys.argv[1])))
