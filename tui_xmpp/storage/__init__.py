"""THE DISK: the only package that imports sqlite3 and keyring."""
