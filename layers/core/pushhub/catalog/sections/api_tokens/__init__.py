"""The section `api_tokens`: callers of the server APIs."""
