"""The base models that need no hub: one that a package ships, and a tiny one trained on the spot."""
