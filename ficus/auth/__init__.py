"""
Who asks, and what that person may do. No service is asked for it: a signed token says it all.

    verifier.py     checks an access token (RFC 9068) and returns its principal; keys.py holds the issuer's keys
    revocations.py  tokens that are refused before they expire; listening.py hears of them from the issuer
    principal.py    whom a request is for: subject, roles, scopes
    rest.py         puts the principal into a REST request;  permissions.py  says what it must be allowed
    staff.py        puts a member of staff into a service's admin, with permissions by role; direct.py signs them in
                    where a service is reached past the front door
    groups/         what each role may do, as Django's groups and permissions
    roles.py        what a model of people answers about staff and permissions
    models.py       the shadow of a person, where the service has no users of its own

Tokens are issued elsewhere; nothing here signs.
"""
