"""Releases as they lie there: found, compared, copied to other stores, and the log of who made them."""
