"""Verbs of the deployment floor. `artifacts` is left out: only the build worker has its libraries."""

from deployment.services.editing import edit
from deployment.services.live import live_deployment, live_staged, live_version, staged_on_servers
from deployment.services.plans import plan_promotion, previous_version
from deployment.services.promotion import promote, rollback
from deployment.services.proposals import propose
from deployment.services.retention import disk_use, keeping, pin, rebuild, unpin
from deployment.services.serving import ask, predict, predict_many
from deployment.services.upkeep import reload_serving
from deployment.services.verdicts import record_verdict, staleness

__all__ = [
    "ask",
    "disk_use",
    "edit",
    "keeping",
    "live_deployment",
    "live_staged",
    "live_version",
    "pin",
    "plan_promotion",
    "predict",
    "predict_many",
    "previous_version",
    "promote",
    "propose",
    "rebuild",
    "record_verdict",
    "reload_serving",
    "rollback",
    "staged_on_servers",
    "staleness",
    "unpin",
]
