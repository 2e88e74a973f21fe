"""Keeps known chatter of native libraries off standard error, and nothing else."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_STDERR = 2


@contextmanager
def quiet_stderr(chatter: Sequence[str]) -> Iterator[None]:
    """Hold back standard error; at the end pass on every line that contains none of `chatter`.

    Native code writes to the file descriptor, past `sys.stderr`, so the descriptor itself is exchanged. Lines
    that other threads write meanwhile come late, not never.
    """
    sys.stderr.flush()
    real = os.dup(_STDERR)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(real, _STDERR)
            os.close(real)
            held.seek(0)
            for line in held:
                if not any(word.encode() in line for word in chatter):
                    os.write(_STDERR, line)
