"""The ground floor: what every floor and the engine share, knowing neither Django nor Celery nor the domain."""
