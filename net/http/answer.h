// How an answer stands on the wire: its head, its length, its compression (RFC 9112).
#pragma once

#include <string>
#include <string_view>

#include "net/http/connection.h"
#include "net/http/message.h"

namespace timestore::http {

// What the request says of how it may be answered.
struct AnswerPlan {
  bool is_head = false;      // no body is sent
  bool knows_chunks = true;  // HTTP/1.0 does not: there a body of unknown length ends with its connection
  bool accepts_gzip = false;
  bool closes = false;  // the connection ends after this answer
};

struct Message {
  std::string head;
  std::string body;
};

// The whole answer; it has no writer. Small bodies, and those that hardly shrink, are not compressed.
[[nodiscard]] Message compose(Response response, const AnswerPlan& plan);

// Sends an answer that has a writer; runs it on this thread. False: the answer is not whole.
[[nodiscard]] bool send_written(Connection& connection, const Response& response, const AnswerPlan& plan);

// Whether Accept-Encoding wishes for gzip: "gzip;q=0" is no wish.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

}  // namespace timestore::http
