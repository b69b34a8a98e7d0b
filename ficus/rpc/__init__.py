"""
Questions between services, over gRPC.

    # apps/orders/clients.py: what we ask, in our own words
    credit = client("users", UsersStub).GetCredit(GetCreditRequest(customer_id=str(customer_id)), timeout=0.15)

    # apps/users/rpc.py: what we answer; named in settings.RPC["SERVICERS"], served by ``manage.py users serve_rpc``
    class UsersServicer(users_pb2_grpc.UsersServicer):
        service_name = "ficus.users.v1.Users"
        add_to_server = staticmethod(users_pb2_grpc.add_UsersServicer_to_server)

Failures are domain errors on both sides. ``settings.RPC["UPSTREAMS"]`` says where a name is: ``host:port``, or
``local`` for a servicer in this same process, which is called through the same messages. With ``settings.TLS`` both
sides show who they are: :mod:`ficus.tls`. A call inside a transaction is refused.
"""
