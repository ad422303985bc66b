"""The section of databases."""
