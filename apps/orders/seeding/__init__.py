"""
Fills the orders service with products and with orders that are real in every respect.

An order is seeded as it is placed by a customer, only many at a time: rows and OrderPlaced in one transaction, users
asked to hold the credit for the batch, the outcome recorded, and a share of the confirmed ones fulfilled or cancelled.
What is killed half-way leaves pending orders, which the ordinary flow settles.
"""


class CannotSeed(Exception):
    """Seeding lacks something; one line says what."""
