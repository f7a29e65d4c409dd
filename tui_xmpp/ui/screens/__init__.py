"""Screens: they put widgets together and route between them and the engine."""
