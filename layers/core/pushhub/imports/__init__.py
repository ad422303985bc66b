"""Files of push tokens that become subscriptions: chunks, rows, reports. Nothing stands here yet."""
