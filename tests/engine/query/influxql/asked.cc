#include "tests/engine/query/influxql/asked.h"

#include <gtest/gtest.h>

#include "engine/query/influxql/request.h"

namespace timestore::query::influxql {

std::string asked(const Asking& asking, std::string_view query, std::string_view with) {
  RequestParameters parameters{{"q", std::string(query)}, {"db", asking.database}};
  std::string accept;
  while (!with.empty()) {
    const std::string_view part = with.substr(0, with.find('&'));
    with.remove_prefix(std::min(part.size() + 1, with.size()));
    const size_t equals = part.find('=');
    if (part.substr(0, equals) == "accept")
      accept = part.substr(equals + 1);
    else
      parameters[std::string(part.substr(0, equals))] = part.substr(equals + 1);
  }
  const auto read = read_request(parameters, accept);
  if (!read) return "400 " + error_body(read.error().sentence, style_of(parameters, accept));
  SingleCatalog catalog(asking.source, "corpus");
  std::string body;
  AnswerWriter writer(read->style, [&](std::string& text) {
    body += text;
    return true;
  });
  Request request = read->request;
  request.now_ns = asking.now_ns;
  request.limits = asking.limits;
  const auto done = answer(read->statements, request, catalog, writer);
  if (!done) return "failed: " + done.error().sentence;
  return body;
}

}  // namespace timestore::query::influxql
