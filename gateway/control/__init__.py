"""
The control plane: who serves which path on which terms, kept in the database and edited in the admin.

``models``      services and routes, and the version of the table they make up
``validation``  what is wrong with a table, every mistake named
``services``    every change: the table as a whole is checked, and its version grows
``snapshot``    the table as the data path uses it
``upstreams``   orders to the workers about breakers, and what the workers report
``assembly``    a worker's gateway from settings and database

The data path never waits for this: it follows the version, and keeps the last sound table when this one is away.
"""
