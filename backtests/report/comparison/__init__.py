"""How a comparison reads: sentences, tables, charts, page, memo and JSON."""
