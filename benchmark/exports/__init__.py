"""Records and frozen splits in formats that other programs and sites read."""
