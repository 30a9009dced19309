"""Grading: read submissions, run their code where it can do no harm, and judge what it returns."""
