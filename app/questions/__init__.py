"""The questions of the catalogue, a ``.rq`` file each, and how one is asked and answered."""
