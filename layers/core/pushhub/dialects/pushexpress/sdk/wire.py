"""How do the vendor's SDKs write what they call a hub with?

Names and words as in section "SDK API" of `dialects/pushexpress/sources.md`.
"""
