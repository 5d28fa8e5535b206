"""All laws, nulls and intervals for anybody's representation, in one table."""
