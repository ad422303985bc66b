"""The section of resources."""
