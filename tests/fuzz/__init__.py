"""Inputs of chance for what reads hostile bytes: `make fuzz`; `test_cases.py` replays what it found."""
