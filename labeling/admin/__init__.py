"""The admin of this floor: everything findable, evidence read-only."""

from labeling.admin import events, exports, imports, people, projects, samples, tokens, work  # noqa: F401  (registers)
