"""Workbooks that clerks and departments fill in and send back, and what comes of their answers."""
