"""What a stack is configured with: databases, resources, callers of the server APIs, upstreams, and their secrets."""
