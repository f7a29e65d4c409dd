"""The terminal: what may be written to it, and what is asked of it."""
