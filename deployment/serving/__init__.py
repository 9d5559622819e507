"""Answers of the live version."""
