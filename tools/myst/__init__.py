"""The book's MyST sources, read by tools: blocks, formulas, labels, Markdown for notebooks."""
