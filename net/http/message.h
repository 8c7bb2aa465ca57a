// What a handler is asked and what it answers.
//
// A request is what the client sent, read strictly (head.h) and decoded once (target.h). An answer has its body whole,
// or a writer that makes it while it is sent. How an answer stands on the wire is not known here (answer.h).
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http/head.h"
#include "net/http/target.h"

namespace timestore::http {

// Stays where it was made: its views point into its own head.
struct Request {
  Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  std::string head_text;  // what the views below point into
  Head head;
  std::string path;    // decoded
  Params params = {};  // of the query, decoded
  std::vector<std::pair<std::string, std::string>> path_parameters = {};
  std::string body = {};  // without its encoding
  std::string remote_address = {};

  [[nodiscard]] std::string_view method() const { return head.method; }
  [[nodiscard]] std::string_view target() const { return head.target; }  // path and query, still encoded

  // Names of headers match in any case. The first of that name; empty where there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] bool has_header(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> headers(std::string_view name) const;

  // The first of that name; empty where there is none.
  [[nodiscard]] const std::string& param(const std::string& name) const;
  [[nodiscard]] std::size_t param_count(const std::string& name) const { return params.count(name); }

  // The text of the segment that the route's pattern calls `name`; asking for a name that it lacks is a bug.
  [[nodiscard]] const std::string& path_parameter(std::string_view name) const;
};

// Takes the pieces of an answer's body.
class Sink {
 public:
  virtual ~Sink() = default;
  // Returns when the client keeps up. False: it has gone or is too slow, and whoever writes should end.
  [[nodiscard]] virtual bool write(std::string_view piece) = 0;
};

// Makes a body of unknown length on a worker's thread. False, or an exception: it ended early, and the client is made
// to see that the answer is not whole.
using BodyWriter = std::function<bool(Sink&)>;

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};  // without those that say how the body is sent
  std::string content_type = {};
  std::string body = {};
  BodyWriter writer = {};  // instead of `body`

  void set_content(std::string text, std::string_view type);
  void set_writer(std::string_view type, BodyWriter makes_body);
  // In place of all of that name.
  void set_header(std::string_view name, std::string value);
  void remove_header(std::string_view name);
  void redirect(std::string location);  // 302
  [[nodiscard]] bool has_header(std::string_view name) const;
  [[nodiscard]] std::string_view header(std::string_view name) const;  // the first of that name, or empty
};

}  // namespace timestore::http
