"""
Answers kept and given again: a shared cache as RFC 9111 has it, on routes with the policy ``cache``.

``cache``        one worker's: finds, gives, asks the service once for all who wait
``directives``   what ``Cache-Control`` and dates say
``storing``      whether an answer may be kept, and for how long it serves
``entry``        one kept answer
``selecting``    under which key, and by which fields of a request (``Vary``) it is chosen
``memory``       the entries, bounded by bytes
``shared``       the second level, in Redis
``conditions``   a client's own questions whether something changed
``filling``      looks on while the service answers, and keeps what it says
``stand_in``     a better answer than the one that comes, such as a stale one instead of an error
``refreshing``   asks anew for what is stale while clients go on
``purges``       what operators threw away
``status``       the ``Cache-Status`` of answers (RFC 9211), and the counts
"""
