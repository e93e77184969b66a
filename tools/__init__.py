"""What keeps the repository true: reviews, tables and pages that are generated and checked."""
