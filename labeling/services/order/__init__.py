"""The order of review: three streams by shares, and the places that rankings give to training texts.

`drawing` says which text is next, `places` keeps what was ranked elsewhere, `choosing` what people decide, `told` what
pages and the API say, `ahead` what comes next for whoever proposes.
"""
