"""Memory of large mails goes back to the system when they are done with.

Left to itself, glibc learns from the first large block that is freed to keep such blocks on its heap (mallopt(3),
M_MMAP_THRESHOLD), where mails of 30 MB leave holes between them: two processes of 200 MB became two of 300 MB.
"""

import ctypes

_M_MMAP_THRESHOLD = -3  # malloc.h
MAPPED_FROM = 1024 * 1024  # octets; a block of this size or more is mapped by itself, and unmapped when it is freed


def return_large_blocks() -> None:
    """Have large blocks of this process mapped one by one.  Another C library than glibc is left as it is."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, MAPPED_FROM)
