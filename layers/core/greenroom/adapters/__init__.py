"""One module per seam to the outside: object store, database, mail, webhooks. Imported lazily."""
