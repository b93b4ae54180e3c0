"""Processes of our own: work spread over many, and what others sent run apart, confined."""
