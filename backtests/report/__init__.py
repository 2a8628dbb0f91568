"""The report: one computation, written as HTML, JSON and PNG."""
