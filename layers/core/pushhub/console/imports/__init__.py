"""The commands that drop files of tokens, follow what becomes of them, and end or repeat their jobs."""
