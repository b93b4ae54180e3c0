"""What is submitted for a region: who may, what it would change, and where it waits."""
