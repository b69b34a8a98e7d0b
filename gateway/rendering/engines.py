"""The engines that a table can be rendered for, by the names that the command takes."""

from collections.abc import Callable, Mapping

from gateway.rendering import envoy, gateway_api, nginx
from gateway.rendering.plan import Plan, Rendered

RENDERERS: Mapping[str, Callable[[Plan], Rendered]] = {
    "nginx": nginx.render,
    "envoy": envoy.render,
    "gateway-api": gateway_api.render,
}
