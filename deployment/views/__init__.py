"""Pages of this floor: analyze, deployments, versions, and the confirmation of a move."""
