"""How rows become a step: one flat row without padding where the model allows it, padded rows of like length else."""
