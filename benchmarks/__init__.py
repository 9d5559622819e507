"""Measurements on the user's own machine: `make bench` lists them. Every folder has an `entry` and a `measure`."""
