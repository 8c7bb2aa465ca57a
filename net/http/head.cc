#include "net/http/head.h"

#include <algorithm>
#include <charconv>

namespace timestore::http {
namespace {

using Parsed = tl::expected<void, Problem>;

tl::unexpected<Problem> malformed(std::string detail) { return refuse(ProblemKind::kBadRequest, std::move(detail)); }

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool is_visible_ascii(char character) { return character > ' ' && character < '\x7f'; }

// Text, blanks and, for the sake of old clients, bytes beyond ASCII; no other control characters.
bool is_value_character(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

// Servers must take the absolute form, "http://host/path", and use its path (RFC 9112, section 3.2.2).
std::string_view without_authority(std::string_view target) {
  constexpr std::string_view kScheme = "http://";
  if (!equal_ignoring_case(target.substr(0, kScheme.size()), kScheme)) return target;
  target.remove_prefix(kScheme.size());
  target.remove_prefix(std::min(target.size(), target.find_first_of("/?")));
  return target.empty() ? "/" : target;
}

Parsed parse_request_line(std::string_view line, const Options& options, Head& head) {
  const auto parts = split(line, ' ');
  if (parts.size() != 3) return malformed("The request line is not 'METHOD target HTTP/1.1'.");
  const std::string_view version = parts[2];
  if (!is_token(parts[0])) return malformed("The method is not a word.");
  if (version.size() != 8 || version.substr(0, 5) != "HTTP/" || version[6] != '.') {
    return malformed("The request line does not end with an HTTP version.");
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return refuse(ProblemKind::kVersionNotSupported, "This server speaks HTTP/1.1.");
  }
  if (parts[1].size() > options.max_target_bytes) {
    return refuse(ProblemKind::kTargetTooLong,
                  "The path and query may have at most " + std::to_string(options.max_target_bytes) + " bytes.");
  }
  head.method = parts[0];
  head.target = without_authority(parts[1]);
  head.keep_alive = version == "HTTP/1.1";
  head.knows_chunks = head.keep_alive;
  const bool asterisk = head.target == "*" && head.method == "OPTIONS";
  if (!asterisk && (head.target.empty() || head.target.front() != '/')) {
    return malformed("The request target does not begin with '/'.");
  }
  if (!std::all_of(head.target.begin(), head.target.end(), is_visible_ascii)) {
    return malformed("The request target has a character that must be percent-encoded.");
  }
  return {};
}

Parsed parse_field(std::string_view line, Head& head) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    return malformed("A header line does not begin with a name and a colon.");
  }
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), is_value_character)) {
    return malformed("A header value has a control character.");
  }
  head.fields.push_back({line.substr(0, colon), value});
  return {};
}

Parsed take_content_length(std::string_view value, Head& head) {
  constexpr std::size_t kMaxDigits = 18;
  const bool digits = std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (value.empty() || !digits) return malformed("Content-Length is not a number.");
  if (value.size() > kMaxDigits) return refuse(ProblemKind::kTooLarge, "The body is too large.");
  if (head.framing != BodyFraming::kNone) return malformed("The length of the body is given twice.");
  head.framing = BodyFraming::kLength;
  std::from_chars(value.data(), value.data() + value.size(), head.content_length);
  return {};
}

Parsed take_transfer_encoding(std::string_view value, Head& head) {
  if (head.framing != BodyFraming::kNone) return malformed("The length of the body is given twice.");
  if (!head.keep_alive) return malformed("HTTP/1.0 has no Transfer-Encoding.");
  if (!equal_ignoring_case(value, "chunked")) {
    return refuse(ProblemKind::kNotImplemented, "The only Transfer-Encoding understood is 'chunked'.");
  }
  head.framing = BodyFraming::kChunked;
  return {};
}

// The fields that govern the connection itself. Called once per field, after the request line.
Parsed take_meaning(const HeaderField& field, Head& head) {
  if (equal_ignoring_case(field.name, "Content-Length")) return take_content_length(field.value, head);
  if (equal_ignoring_case(field.name, "Transfer-Encoding")) return take_transfer_encoding(field.value, head);
  if (equal_ignoring_case(field.name, "Expect")) {
    head.expects_continue = equal_ignoring_case(field.value, "100-continue");
    if (!head.expects_continue) {
      return refuse(ProblemKind::kExpectationFailed, "The only expectation understood is '100-continue'.");
    }
  }
  return {};
}

// Without a length there is no body, says RFC 9112 (section 6.3), and what follows is the next request. Of these
// methods a body is expected; a client that sent one all the same would have its content taken for requests.
Parsed check_length(const Head& head) {
  const bool expects_body = head.method == "POST" || head.method == "PUT" || head.method == "PATCH";
  if (!expects_body || head.framing != BodyFraming::kNone) return {};
  return refuse(ProblemKind::kLengthRequired,
                "A " + std::string(head.method) +
                    " says how long its body is: with Content-Length, 0 where it is empty, or in chunks.");
}

bool asks_to_close(const Head& head) {
  for (const HeaderField& field : head.fields) {
    if (!equal_ignoring_case(field.name, "Connection")) continue;
    for (const std::string_view option : split(field.value, ',')) {
      if (equal_ignoring_case(trimmed(option), "close")) return true;
    }
  }
  return false;
}

Parsed check_host(const Head& head) {
  const auto hosts = std::count_if(head.fields.begin(), head.fields.end(),
                                   [](const HeaderField& field) { return equal_ignoring_case(field.name, "Host"); });
  if (hosts > 1 || (hosts == 0 && head.keep_alive)) return malformed("A request has exactly one Host header.");
  return {};
}

}  // namespace

tl::expected<Head, Problem> parse_head(std::string_view text, const Options& options) {
  Head head;
  const auto next_line = [&text] {
    const std::size_t end = std::min(text.find("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 2, text.size()));
    return line;
  };
  if (auto parsed = parse_request_line(next_line(), options, head); !parsed) return tl::unexpected(parsed.error());
  head.fields.reserve(16);
  for (std::string_view line = next_line(); !line.empty(); line = next_line()) {
    if (head.fields.size() == options.max_header_fields) {
      return refuse(ProblemKind::kHeadersTooLarge,
                    "A request may have at most " + std::to_string(options.max_header_fields) + " header fields.");
    }
    if (auto parsed = parse_field(line, head); !parsed) return tl::unexpected(parsed.error());
    if (auto taken = take_meaning(head.fields.back(), head); !taken) return tl::unexpected(taken.error());
  }
  if (auto checked = check_host(head); !checked) return tl::unexpected(checked.error());
  if (auto checked = check_length(head); !checked) return tl::unexpected(checked.error());
  if (asks_to_close(head)) head.keep_alive = false;
  return head;
}

bool has_bare_line_break(std::string_view text) {
  for (auto at = text.find_first_of("\r\n"); at != std::string_view::npos; at = text.find_first_of("\r\n", at + 2)) {
    if (text[at] == '\n') return true;
    if (at + 1 < text.size() && text[at + 1] != '\n') return true;
  }
  return false;
}

bool is_token_character(char character) {
  const bool letter = (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
  const bool digit = character >= '0' && character <= '9';
  return letter || digit ||
         (character != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(character) != std::string_view::npos);
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(), [&](char a, char b) { return lower(a) == lower(b); });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t end = text.find(separator); end != std::string_view::npos; end = text.find(separator)) {
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  parts.push_back(text);
  return parts;
}

}  // namespace timestore::http
