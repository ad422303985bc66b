"""The section of custom events, which apps report of their devices."""
