// The answer half of HTTP/1.1, as much of it as a load generator needs: one answer at a time, its length given by
// Content-Length. Bytes may come in pieces of any size. Chunked answers, pipelined answers and oversized ones are
// called malformed; timestored sends none of them for a single entry.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace timestore::bench {

struct Response {
  int status = 0;
  std::string body;
  std::string location;
  std::optional<int> retry_after_seconds;
  bool closes = false;  // the server closes the connection after this answer
};

class ResponseParser {
 public:
  static constexpr std::size_t kMaxHeadBytes = 16 * 1024;
  static constexpr std::size_t kMaxBodyBytes = 1024 * 1024;

  enum class Progress { kIncomplete, kComplete, kMalformed };

  // Takes the next bytes of the connection. After kComplete, take() holds the answer; after kMalformed the connection
  // is of no more use.
  Progress feed(std::string_view bytes);

  // The complete answer; the parser is ready for the next one.
  Response take();

 private:
  bool parse_head(std::string_view head);
  bool parse_header(std::string_view name, std::string_view value);

  std::string buffer_;
  Response response_;
  bool head_is_read_ = false;
  std::size_t body_start_ = 0;
  std::size_t body_bytes_ = 0;
};

// The value of the first "id" property in a JSON text that is a GUID of 36 characters; empty where there is none.
// A problem answer carries it when the outcome of a write is unknown.
std::string id_in(std::string_view json);

}  // namespace timestore::bench
