"""zwfw: the standard system of "Internet + government services" as a graph one can query, check and publish."""
