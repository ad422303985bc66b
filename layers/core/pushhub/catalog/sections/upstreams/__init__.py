"""The section of upstreams."""
