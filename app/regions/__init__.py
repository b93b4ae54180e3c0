"""Regions: their folders read into graphs that know where each fact stood, and what stands above them."""
