"""Profiles, match keys and subscriptions, and the rules by which a request finds and changes them."""
