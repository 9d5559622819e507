"""Starts, watches and ends everything that Touchstone runs on one machine: `python -m config.launcher`.

Why not a library: honcho ends everything when one process ends and stops in no order; supervisord leaves its
children running when it is killed. Both would still need the embedded servers and the readiness wait around them.
Django is never imported here: the launcher stays small for as long as it runs.
"""
