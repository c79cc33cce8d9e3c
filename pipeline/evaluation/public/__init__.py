"""Public data under their published protocols: figures that others can be held against."""
