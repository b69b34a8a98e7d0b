"""
What comes of a call over HTTP that got no answer: a domain error, and an exception of ``requests`` as well.

Whoever already catches what ``requests`` raises goes on doing so; a view that catches nothing answers with the status.

Unavailable
├── HttpUnavailable        nobody answers there, or the connection broke     requests.ConnectionError
│   ├── HttpSuspended      not even tried: the breaker is open
│   ├── HttpBusy           not even tried: too many calls are under way
│   └── HttpSwitchedOff    not even tried: an operator has switched it off
└── HttpDeadlineExceeded   no answer in time, or no time left to ask         requests.Timeout
"""

import requests

from ficus.errors import Unavailable


class HttpUnavailable(Unavailable, requests.ConnectionError):
    code, title = "upstream_unavailable", "A service that this needs is away"


class HttpSuspended(HttpUnavailable):
    code, title = "upstream_suspended", "A service that this needs keeps failing and is left alone for a while"


class HttpBusy(HttpUnavailable):
    code, title = "upstream_busy", "A service that this needs has enough to do"


class HttpSwitchedOff(HttpUnavailable):
    code, title = "upstream_switched_off", "A call that this needs has been switched off"


class HttpDeadlineExceeded(Unavailable, requests.Timeout):
    code, status, rpc_status, title = "deadline_exceeded", 504, "DEADLINE_EXCEEDED", "No answer in time"
