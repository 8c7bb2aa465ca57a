#include "bench/ingest/response_parser.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace timestore::bench {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

ResponseParser::Progress ResponseParser::feed(std::string_view bytes) {
  buffer_.append(bytes);
  if (!head_is_read_) {
    const std::size_t end = buffer_.find("\r\n\r\n");
    if (end == std::string::npos) {
      return buffer_.size() > kMaxHeadBytes ? Progress::kMalformed : Progress::kIncomplete;
    }
    if (!parse_head(std::string_view(buffer_).substr(0, end))) return Progress::kMalformed;
    head_is_read_ = true;
    body_start_ = end + 4;
  }
  const std::size_t arrived = buffer_.size() - body_start_;
  if (arrived < body_bytes_) return Progress::kIncomplete;
  if (arrived > body_bytes_) return Progress::kMalformed;
  response_.body = buffer_.substr(body_start_);
  return Progress::kComplete;
}

Response ResponseParser::take() {
  Response response = std::move(response_);
  response_ = Response{};
  buffer_.clear();
  head_is_read_ = false;
  body_bytes_ = 0;
  return response;
}

bool ResponseParser::parse_head(std::string_view head) {
  // "HTTP/1.1 200 OK"
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  if (!head.starts_with(kVersion)) return false;
  const auto status = parse_number<int>(head.substr(kVersion.size(), 3));
  if (!status || *status < 200) return false;
  response_.status = *status;

  std::size_t line_end = head.find("\r\n");
  while (line_end != std::string_view::npos) {
    head.remove_prefix(line_end + 2);
    line_end = head.find("\r\n");
    const std::string_view line = head.substr(0, line_end);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    if (!parse_header(line.substr(0, colon), trimmed(line.substr(colon + 1)))) return false;
  }
  return true;
}

bool ResponseParser::parse_header(std::string_view name, std::string_view value) {
  if (same_ignoring_case(name, "content-length")) {
    const auto length = parse_number<std::size_t>(value);
    if (!length || *length > kMaxBodyBytes) return false;
    body_bytes_ = *length;
  } else if (same_ignoring_case(name, "transfer-encoding")) {
    return false;
  } else if (same_ignoring_case(name, "connection")) {
    response_.closes = same_ignoring_case(value, "close");
  } else if (same_ignoring_case(name, "location")) {
    response_.location = value;
  } else if (same_ignoring_case(name, "retry-after")) {
    response_.retry_after_seconds = parse_number<int>(value);  // the date form counts as absent
  }
  return true;
}

std::string id_in(std::string_view json) {
  constexpr std::string_view kName = "\"id\"";
  constexpr std::size_t kGuidLength = 36;
  for (std::size_t at = json.find(kName); at != std::string_view::npos; at = json.find(kName, at + 1)) {
    std::string_view rest = json.substr(at + kName.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n:"), rest.size()));
    if (rest.size() < kGuidLength + 2 || rest.front() != '"' || rest[kGuidLength + 1] != '"') continue;
    const std::string_view id = rest.substr(1, kGuidLength);
    if (id.find_first_not_of("0123456789abcdefABCDEF-") == std::string_view::npos) return std::string(id);
  }
  return {};
}

}  // namespace timestore::bench
