"""The command line and the local hub."""
