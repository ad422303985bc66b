"""A uid as the vendor publishes it."""

PUBLISHED = "e|2_4S_4HFn8RDhhmA|w4HFn8RPDFUi_2_4S_S_3___6.2NvyN8Hb67wmzJshM_6BuFTt|ios-apns"
"""The sample in "Add app push events" and "Event registration"."""
