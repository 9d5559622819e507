"""A classification head in the place of the base's output layer: rows, loss, figures, and what is kept of it."""
