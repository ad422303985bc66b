"""The steps of an import, one module for each function of the state machine, and what they share."""
