"""The service over HTTP: sign-in for our own front ends, the OAuth2/OIDC server, people and their credit."""
