"""Telling people: in the page, by mail, and programs by webhooks."""
