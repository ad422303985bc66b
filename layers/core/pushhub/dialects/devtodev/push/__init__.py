"""`POST /api/v1/push/send`."""
