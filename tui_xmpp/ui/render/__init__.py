"""From values to text and style: pure functions, no widget."""
