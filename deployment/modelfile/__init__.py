"""Modelfiles: their grammar and their parameters, without Django."""
