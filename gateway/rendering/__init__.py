"""
The route table in the words of another engine, for those who outgrow this one.

``plan``         what an engine is told, and what is said about what it cannot keep
``places``       which routes may serve a host or a path, in their order, so that an engine need not know it
``expressions``  regular expressions that engines need and we do not
``nginx``, ``envoy``, ``gateway_api``  one engine each: a function of a plan that returns text and losses

Nothing is lost silently. What a route states and an engine cannot keep is a :class:`plan.Loss`, named in the output and
on standard error. How engines differ whatever a table says stands in ``docs/behaviours.md``, which is measured.
"""
