"""Is what is served as the rows say, and no worse than before?"""
