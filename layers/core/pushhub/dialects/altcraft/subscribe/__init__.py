"""`POST /push_subscribe`."""
