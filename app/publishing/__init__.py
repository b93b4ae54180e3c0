"""Publishing: from regions' folders to the next release."""
