"""Attacks by files, their names and the servers that hold them."""
