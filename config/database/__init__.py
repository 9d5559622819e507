"""Django's PostgreSQL with one thing more: who waits for a server that has stopped is told so."""
