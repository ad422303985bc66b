"""DynamoDB, and only here: keys, items, reads and conditional writes."""
