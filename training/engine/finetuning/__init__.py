"""A sentence encoder trained together with a head on it: `python -m training.engine finetune --run DIR`."""
