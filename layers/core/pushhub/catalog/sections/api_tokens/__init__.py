"""The section of API tokens."""
