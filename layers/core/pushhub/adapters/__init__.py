"""What the hub calls: AWS services and upstreams. One adapter for each, and one translation of their faults."""
