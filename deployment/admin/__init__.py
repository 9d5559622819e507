"""Administration: servers and policies are edited; what was staged and deployed is evidence and read-only."""

from deployment.admin import moves, servers, versions

__all__ = ["moves", "servers", "versions"]
