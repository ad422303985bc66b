"""What leaves the hub: calls, the queues they wait in, the pauses between them, and the addresses they may reach."""
