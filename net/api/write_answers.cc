#include "net/api/write_answers.h"

#include <utility>

#include "engine/base/timestamp.h"
#include "engine/series/parse.h"
#include "net/access/answer.h"
#include "net/access/forwarder.h"
#include "net/http/problem.h"

namespace timestore::net {

using http::Problem;
using http::ProblemKind;

void answer_not_leader(http::Response& response) {
  response.set_header(kNotLeaderHeader, "1");
  answer_unavailable(response,
                     "The cluster has no leader right now, or this node cannot reach it. Nothing was stored; "
                     "try again.");
}

void answer_unknown(const std::vector<TimeEntry>& entries, bool is_batch, http::Response& response) {
  Problem problem{.kind = ProblemKind::kUnavailable, .retry_after_seconds = kRetryAfterSeconds};
  const bool have_ids = !entries.empty() && !entries.front().id.is_nil();
  if (!is_batch) {
    problem.detail =
        "Whether the entry was stored is not known. Send it again with this id: it will be stored once, whatever "
        "happened.";
    if (have_ids) problem.members.emplace_back("id", entries.front().id.text());
    return problem.write_to(response);
  }
  problem.detail =
      "Whether the batch was stored is not known. Send it again with these ids, one for each entry in its order: it "
      "will be stored once, whatever happened.";
  if (have_ids) {
    auto& ids = problem.lists.emplace_back("ids", std::vector<std::string>()).second;
    for (const TimeEntry& entry : entries) ids.push_back(entry.id.text());
  }
  problem.write_to(response);
}

std::string text_of(const TimeEntry& entry) {
  std::string text;
  append_json(text, entry);
  return text;
}

std::string text_of(const std::vector<TimeEntry>& entries) {
  std::string text = "[";
  for (const TimeEntry& entry : entries) {
    if (text.size() > 1) text += ',';
    append_json(text, entry);
  }
  return text + "]";
}

void answer_conflict(const client::WriteEnd& end, bool is_batch, http::Response& response) {
  Problem problem{.kind = ProblemKind::kConflict};
  if (!is_batch) {
    problem.detail = "The id " + end.entries.front().id.text() + " is already stored with other content.";
    problem.errors = {{"/id", "stored with other content"}};
    return problem.write_to(response);
  }
  problem.detail = "Nothing of the batch was stored: " + std::to_string(end.result.conflicts.size()) +
                   " of its ids are already stored, or stand twice in it, with other content.";
  for (const std::uint32_t ordinal : end.result.conflicts) {
    if (problem.errors.size() == kMaxProblems) break;
    problem.errors.push_back({"/" + std::to_string(ordinal) + "/id",
                              "The id " + end.entries[ordinal].id.text() + " is stored with other content."});
  }
  problem.write_to(response);
}

void answer_expired(const client::WriteEnd& end, bool is_batch, http::Response& response) {
  Problem problem{.kind = ProblemKind::kBadRequest};
  std::string edge;
  append_timestamp(edge, end.result.edge_ns);
  problem.members.emplace_back("edge", edge);
  if (!is_batch) {
    problem.detail = "Nothing was stored: points before " + edge + " are not kept (GET /api/retention).";
    problem.errors = {{"/timestamp", "before the edge of retention, " + edge}};
    return problem.write_to(response);
  }
  problem.detail = "Nothing of the batch was stored: points before " + edge +
                   " are not kept (GET /api/retention), and " + std::to_string(end.result.conflicts.size()) +
                   " of its entries are.";
  for (const std::uint32_t ordinal : end.result.conflicts) {
    if (problem.errors.size() == kMaxProblems) break;
    problem.errors.push_back({"/" + std::to_string(ordinal) + "/timestamp", "before the edge of retention, " + edge});
  }
  problem.write_to(response);
}

}  // namespace timestore::net
