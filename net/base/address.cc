#include "net/base/address.h"

#include <charconv>

namespace timestore::net {

namespace {

Result<int> parse_port(std::string_view text, std::string_view whole) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port < 1 || port > 65535) {
    return fail("\"" + std::string(whole) + "\" needs a port from 1 to 65535, not \"" + std::string(text) + "\".");
  }
  return port;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

Result<HostPort> split(std::string_view text, std::string_view whole, std::string_view default_port) {
  std::string_view host = text;
  std::string_view port = default_port;
  const bool bracketed = text.starts_with('[');
  const std::size_t close = bracketed ? text.find(']') : 0;
  if (close == std::string_view::npos) return fail("\"" + std::string(whole) + "\" lacks a closing bracket.");
  const std::size_t colon = text.find(':', close);
  if (colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  if (bracketed) host = text.substr(1, close - 1);
  if (port.empty()) return fail("\"" + std::string(whole) + "\" needs a port, such as 127.0.0.1:5001.");
  if (host.empty()) return fail("\"" + std::string(whole) + "\" needs a host, such as 127.0.0.1:5001.");
  const bool every_interface = host == "+" || host == "*";
  for (const char c : host) {
    if (every_interface || is_host_character(c) || (bracketed && c == ':')) continue;
    return fail("\"" + std::string(host) + "\" in \"" + std::string(whole) + "\" is not a host name or address.");
  }
  auto number = parse_port(port, whole);
  if (!number) return tl::unexpected(number.error());
  return HostPort{.host = std::string(host), .port = *number};
}

}  // namespace

std::string HostPort::text() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<HostPort> parse_host_port(std::string_view text) { return split(text, text, ""); }

Result<HostPort> parse_http_url(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) {
    return fail("\"" + std::string(url) + "\" is not a URL of the form http://host:port.");
  }
  std::string_view rest = url.substr(scheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  return split(rest, url, "80");
}

}  // namespace timestore::net
