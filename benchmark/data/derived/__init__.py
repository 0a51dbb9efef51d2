"""Data sets made from other data sets by a frozen recipe: the manifest of the result holds the recipe to its bytes."""
