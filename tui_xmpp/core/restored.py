"""That the database is an older copy put back, or was copied to here: known by a fact."""

SPACE = "restored"
"""In the facts, with the key `LAST`: a text that is another one after each time it happened."""
LAST = "last"
"""The last time."""
