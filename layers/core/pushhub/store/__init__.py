"""What a stack keeps, in DynamoDB and Secrets Manager, and only here: keys, items, reads and conditional writes."""
