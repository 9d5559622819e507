"""The training engine: a run folder in, a trained adapter out. Knows nothing of Django, Celery or projects."""
