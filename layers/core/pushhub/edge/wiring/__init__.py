"""Which implementation serves which port in each function? A module for each function, so that none loads what another needs."""
