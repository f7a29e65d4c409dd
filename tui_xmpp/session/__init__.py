"""THE WIRE: the only package that imports slixmpp."""
