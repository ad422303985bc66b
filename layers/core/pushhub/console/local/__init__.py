"""The whole hub on this machine: built, deployed on a local engine, and served on one port."""
