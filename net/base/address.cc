#include "net/base/address.h"

#include <algorithm>
#include <charconv>

namespace timestore::net {

namespace {

// It is not quoted: what stands there may be a password.
constexpr const char* kNoUser =
    "a user or a password stands in it, before the '@': leave both out, for nodes use neither.";

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

bool names_a_user(std::string_view text) { return text.find('@') != std::string_view::npos; }

bool is_every_interface(std::string_view host) {
  return host == "+" || host == "*" || host == "0.0.0.0" || host == "::" || host.empty();
}

std::string canonical_host(std::string_view host) {
  std::string lower(host);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower == "127.0.0.1" || lower == "::1" ? "localhost" : lower;
}

Result<HostPort> parse_host_port(std::string_view text) {
  if (names_a_user(text)) return fail(kNoUser);
  return split(text, text, "");
}

Result<HostPort> parse_http_url(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (names_a_user(url)) return fail(kNoUser);
  if (canonical_host(url.substr(0, scheme.size())) != scheme) {
    return fail("\"" + std::string(url) + "\" is not a URL of the form http://host:port.");
  }
  std::string_view rest = url.substr(scheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  return split(rest, url, "80");
}

}  // namespace timestore::net
