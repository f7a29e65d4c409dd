"""Actions: what a key or a slash command does, on a screen it is given."""
