"""Stand-ins for ports, and small makers of domain objects."""
