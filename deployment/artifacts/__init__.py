"""From a version to a proven file on a server: built, staged, judged, edited, kept or removed."""
