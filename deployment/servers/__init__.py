"""Model servers: how they are reached, what they hold, and whether they are well."""
