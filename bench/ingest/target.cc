#include "bench/ingest/target.h"

#include <charconv>

namespace timestore::bench {
namespace {

bool is_port(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 1 && value <= 65535;
}

}  // namespace

std::string Target::authority() const {
  return host.find(':') == std::string::npos ? host + ":" + port : "[" + host + "]:" + port;
}

Result<Target> parse_target(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  const std::string complaint = "'" + std::string(url) + "' is not a URL such as http://127.0.0.1:5001.";
  if (!url.starts_with(kScheme)) return fail(complaint);
  const std::string_view rest = url.substr(kScheme.size());
  const std::string_view authority = rest.substr(0, rest.find('/'));

  std::string_view host = authority;
  std::string_view port = "80";
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return fail(complaint);
    host = authority.substr(1, close - 1);
    const std::string_view tail = authority.substr(close + 1);
    if (!tail.empty()) port = tail.starts_with(':') ? tail.substr(1) : "";
  } else if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
  }
  if (host.empty() || !is_port(port)) return fail(complaint);
  return Target{std::string(host), std::string(port)};
}

}  // namespace timestore::bench
