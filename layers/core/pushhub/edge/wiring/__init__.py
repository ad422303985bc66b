"""Which settings has each function, and which implementation serves which of its ports?

A module for each function, so that none loads what another needs; the others hold what several functions wire alike.
"""
