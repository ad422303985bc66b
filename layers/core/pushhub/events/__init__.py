"""What devices report of a push: recorded once, forwarded to each upstream, never lost."""
