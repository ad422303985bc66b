"""What devices report of a push: recording it once and forwarding it upstream. Nothing stands here yet."""
