"""The devtodev dialect."""
