"""What the notebooks use beyond fitting. Nothing in the library imports this."""
