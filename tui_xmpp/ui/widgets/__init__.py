"""Widgets: given values, they show them and post messages."""
