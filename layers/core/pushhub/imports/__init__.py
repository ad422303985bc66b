"""Files of push tokens that become subscriptions: how a file is read, planned, carried out chunk by chunk, and reported."""
