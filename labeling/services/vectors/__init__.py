"""Vectors of texts: made once for each text and encoder in the background, kept in 16 bits, and what is asked of them.

`store` reads and writes them, `texts` adds those that are not there, `making` and `due` are the work and who finds it,
`index` the file of nearest neighbours, `alike` near-duplicates, `similar` the golden samples that are most like a text.
"""
