"""`/api/r/v2/apps/{app_id}/instances…`: what the vendor's SDKs call, without a token."""
