// The parameters of /query, as InfluxDB 1.x reads them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/query/influxql/answer_writer.h"
#include "engine/query/influxql/session.h"

namespace timestore::query::influxql {

using RequestParameters = std::map<std::string, std::string>;

struct ReadRequest {
  std::vector<Statement> statements;
  Request request;  // without the time and limits
  AnswerStyle style;
};

// An error is one of the whole request: status 400, and the body below.
Answer<ReadRequest> read_request(const RequestParameters& parameters, std::string_view accept);

AnswerStyle style_of(const RequestParameters& parameters, std::string_view accept);
std::string_view media_type_of(const AnswerStyle& style);

// {"error":"..."}
std::string error_body(const std::string& sentence, const AnswerStyle& style);

}  // namespace timestore::query::influxql
