"""How bytes reach the server."""
