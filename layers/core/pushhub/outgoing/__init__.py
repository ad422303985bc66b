"""What leaves the hub: HTTP calls, the pauses between them, the addresses that they may reach, and messages for queues."""
