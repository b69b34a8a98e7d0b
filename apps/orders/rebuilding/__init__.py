"""
Makes the rows of orders from their events again, or says where rows and events differ, while the system runs.

Orders are taken a batch at a time in the order of their ids. What seems to differ is looked at once more under a lock,
since the first look may have fallen between two transactions. How far a run has come is kept after each batch.
"""
