"""Who plays the providers of pushes on this machine, and what did devices get of them?

One process plays every provider, over HTTP/2 with prior knowledge on the loopback interface. `pushhub up` starts it.

    scripts.py        what a device's push token asks for (a table); pure
    providers/        a file each: which requests are the provider's, is the caller who it says it is, how does the provider reply
    playing.py        one request: whose is it, what is done about it, what is recorded of it
    http2_server.py   the frames
    record.py         what has come, on disk
    browsers.py       browsers that nobody uses, which can read what is pushed to them
    signatures.py     what proves whose a request is
    page.py site.py   the same for people and for commands

A further provider is a file in `providers/` and a row in :data:`pushhub.console.stand_ins.providers.cast.CAST`.
"""
