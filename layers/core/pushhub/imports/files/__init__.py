"""From the text of a file to rows: pure."""
