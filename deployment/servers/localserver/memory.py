"""Memory of this machine and of a child, in bytes."""

import os
from pathlib import Path


def machine_memory() -> tuple[int | None, int | None]:
    """What the machine has, and what is free for models; None where the system does not say."""
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return None, None
    return total, _available()


def _available() -> int | None:
    """Free memory and caches that the kernel would give up; only Linux counts it."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = next((line for line in lines if line.startswith("MemAvailable:")), "")
    return int(found.split()[1]) * 1024 if found else None


def resident(pid: int, otherwise: int) -> int:
    """What a process holds in memory; `otherwise` where the system does not say."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return otherwise
    return pages * os.sysconf("SC_PAGE_SIZE")
