"""Where a push may go. An address that somebody typed must not become a way into our own network (SSRF).

The name is resolved once, every address it has must be public (or in a network the settings allow), and the
connection is made to the address that was checked: a name that resolves differently a moment later gains
nothing. Redirects are never followed.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from qa.core.errors import BadOptionError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], list[str]]

MAX_URL = 2048
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: an IPv4 address behind a translator."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A checked place to connect to."""

    url: str
    """The same URL with the checked address in place of the name."""
    host: str
    """What the Host header and the certificate must say."""


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """The networks of `push.allowed_networks`. Raises `BadOptionError` for one that is none."""
    try:
        return tuple(ipaddress.ip_network(text.strip()) for text in texts)
    except ValueError:
        raise BadOptionError("push.bad_network", given=", ".join(texts)[:200]) from None


def check_form(url: str, allowed: Sequence[Network]) -> None:
    """What can be said of a URL without asking the network. Raises `BadOptionError`."""
    host, _ = _host_and_port(url, allowed)
    literal = _literal(host)
    if literal is not None and not _is_open(literal, allowed):
        raise BadOptionError("push.inner_address", host=host[:100])


def checked(url: str, allowed: Sequence[Network], resolve: Resolver | None = None) -> Destination:
    """Resolve and check. Raises `BadOptionError` where the address is ours to protect or there is none."""
    host, port = _host_and_port(url, allowed)
    found = (resolve or _resolve)(host, port)
    addresses = [ipaddress.ip_address(text.split("%")[0]) for text in found]
    if not addresses:
        raise BadOptionError("push.no_such_host", host=host[:100])
    if not all(_is_open(address, allowed) for address in addresses):
        raise BadOptionError("push.inner_address", host=host[:100])
    parts = urlsplit(url)
    if parts.scheme == "http" and not all(_within(address, allowed) for address in addresses):
        raise BadOptionError("push.https_needed", host=host[:100])
    first = addresses[0]
    literal = f"[{first}]" if first.version == 6 else str(first)
    netloc = literal if parts.port is None else f"{literal}:{parts.port}"
    return Destination(parts._replace(netloc=netloc, fragment="").geturl(), parts.netloc)


def _host_and_port(url: str, allowed: Sequence[Network]) -> tuple[str, int]:
    if len(url) > MAX_URL or any(ord(sign) <= 32 or ord(sign) == 127 for sign in url):
        raise BadOptionError("push.bad_url", given=url[:100])
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadOptionError("push.bad_url", given=url[:100]) from None
    schemes = ("https", "http") if allowed else ("https",)
    if parts.scheme not in schemes or not host or parts.username is not None or parts.password is not None:
        raise BadOptionError("push.bad_url", given=url[:100])
    return host, port or (443 if parts.scheme == "https" else 80)


def _resolve(host: str, port: int) -> list[str]:
    try:
        return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_open(address: Address, allowed: Sequence[Network]) -> bool:
    return _within(address, allowed) or (_plain(address).is_global and not _plain(address).is_multicast)


def _within(address: Address, allowed: Sequence[Network]) -> bool:
    plain = _plain(address)
    return any(plain in network for network in allowed if network.version == plain.version)


def _plain(address: Address) -> Address:
    """An IPv4 address that travels as IPv6 is judged as what it is."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address
