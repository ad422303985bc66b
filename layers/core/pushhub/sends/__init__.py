"""Sending a message to an audience through the push providers."""
