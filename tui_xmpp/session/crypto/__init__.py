"""What seals and opens messages: OMEMO and OpenPGP."""
