"""Files that people send and get: how they are fetched, unpacked, read into tables, changed and written."""
