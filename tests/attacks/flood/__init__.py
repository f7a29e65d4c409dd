"""More than anybody can read, as fast as the link brings it, while somebody types."""
