"""Sets made by us: recipes of dataset baselines, and the files they give."""
