"""The push.express dialect."""
