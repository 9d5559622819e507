"""The web process: gunicorn's master over workers that read a request whole before a thread takes it up."""
