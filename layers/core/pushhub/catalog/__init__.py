"""What callers may use: databases with their fields, and resources with their tokens."""
