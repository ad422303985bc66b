"""How does each provider take a push, look at its authorization, and reply?

One file for each, with one class; see :class:`pushhub.console.stand_ins.arrivals.PlayedProvider`. The replies are those of the
providers' own pages (`sends/sources.md`), since the hub reads them by the tables of `sends/providers/`.
"""
