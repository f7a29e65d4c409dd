"""THE SCREEN: the only package that imports textual."""
