"""The section of groups of audiences, which push.express chooses devices by."""
