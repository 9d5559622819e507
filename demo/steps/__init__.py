"""The demo's steps, in the order in which the command plays them."""
