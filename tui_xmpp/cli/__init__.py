"""THE PIPE: the headless front end on the same session."""
