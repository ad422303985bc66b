"""The push.express dialect. `sources.md` lists the vendor's pages, `decisions.md` says what they leave open and what is decided."""
