"""The capabilities, one file each; `ALL` is the order in which they see things."""
