"""Pages of serving."""
