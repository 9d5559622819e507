"""Administration: servers and policies are edited; what was staged and deployed is evidence and read-only."""

from deployment.artifacts import admin as artifacts
from deployment.monitoring import admin as monitoring
from deployment.promotion import admin as promotion
from deployment.promotion import staged_admin
from deployment.servers import admin as servers

__all__ = ["artifacts", "monitoring", "promotion", "servers", "staged_admin"]
