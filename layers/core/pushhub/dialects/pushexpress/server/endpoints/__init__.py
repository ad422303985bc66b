"""What the back-end API does: a module for each function, which answers a family of paths."""
