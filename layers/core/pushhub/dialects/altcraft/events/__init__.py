"""`POST /api/v1.1/pushes/post_events` and `GET /api/v1.1/pushes/crypto_post_events`."""
