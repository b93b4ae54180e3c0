"""Headings that nobody has declared: what they are like, and what they probably mean."""
