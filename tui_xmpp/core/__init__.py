"""WHAT THINGS MEAN: pure values and rules; no library, no I/O, no clock, no event loop."""
