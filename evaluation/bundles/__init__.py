"""The evidence of one promotion as a file that travels: how it is written, read, and worked out again. Pure.

JSON Lines, a part a line, the SHA-256 of all of them in the last one: it is written and read in flat memory by the
reader with bounds that the project has, and there is no archive that unpacks into more than it says.
"""
