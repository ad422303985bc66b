"""The back-end API, `/api/b/v2`: sendings, pushes, devices, and what the catalog has."""
