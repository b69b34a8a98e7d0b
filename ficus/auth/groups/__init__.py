"""
Roles as Django's own groups and permissions, in each service's database.

Every role but the customer's is a group of that name. What each may do is laid down when a permission first appears, by
``mapping``; later an admin may give a group more or less in the service's admin, and that stays.
"""
