"""The section of apps: what pushes are sent with."""
