"""Checking: the rules, the engines that run them, and the report of what was found."""
