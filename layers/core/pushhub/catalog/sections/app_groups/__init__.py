"""The section of groups of apps, which push.express chooses apps by."""
