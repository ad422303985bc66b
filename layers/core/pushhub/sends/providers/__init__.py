"""How does each provider want a message, and what do its replies mean?

One module for each provider, and each has one class whose name ends in `Pushes`: the pushes of one message of one sending through
the account of one app. It does no I/O:

    request(recipient, now)   the request for one recipient, or what came of it where no request can be made
    outcome(result, now)      what came of a recipient, by what became of its request

What all recipients have in common is encoded once, when the object is made. That raises `MessageError` where the provider would
refuse the message, above all for its size. Pages of the providers are named by title, as in `sources.md`.
"""
