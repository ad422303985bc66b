"""The Altcraft dialect. What the vendor leaves open is decided in `decisions.md` beside this file."""
