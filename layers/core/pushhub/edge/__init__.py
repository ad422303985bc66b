"""The AWS side of a function: its event, its settings, its wiring, its metrics and log."""
