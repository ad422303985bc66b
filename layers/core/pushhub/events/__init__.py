"""What devices report of a push: recording it once and forwarding it upstream. So far: uids, and what a report is."""
