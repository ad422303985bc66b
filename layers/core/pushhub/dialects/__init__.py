"""The vendors' wire languages: bytes to a command, an outcome to a reply, a refusal to a reply."""
