#include "net/api/read_door.h"

#include <optional>
#include <string>
#include <utility>

#include "net/access/answer.h"
#include "net/api/redirect.h"
#include "net/base/clock.h"
#include "net/http/problem.h"

namespace timestore::net {

namespace {

std::optional<ReadLevel> parse_level(const http::Request& request) {
  const std::size_t count = request.param_count("level");
  if (count == 0) return ReadLevel::kLinearizable;
  if (count > 1) return std::nullopt;
  const std::string& text = request.param("level");
  if (text == "linearizable") return ReadLevel::kLinearizable;
  if (text == "weak") return ReadLevel::kWeak;
  if (text == "none") return ReadLevel::kNone;
  return std::nullopt;
}

}  // namespace

void ReadDoor::open(const http::Request& request, const http::Reply& reply, std::chrono::seconds most,
                    Make make) const {
  const auto level = parse_level(request);
  if (!level) {
    return answer_problem(reply, {.kind = http::ProblemKind::kBadRequest,
                                  .detail = "level is linearizable, weak or none, and given once."});
  }
  redirect_or(cluster_, patience_.read, request, reply,
              [this, reply, level = *level, most, make = std::move(make)] { wait(reply, level, most, make); });
}

void ReadDoor::wait(const http::Reply& reply, ReadLevel level, std::chrono::seconds most, Make make) const {
  const auto passed = [this, reply, level, most, make = std::move(make)](const ReadBarrier& barrier) {
    if (barrier.kind != ReadBarrier::Kind::kPassed) {
      return reply.finish(
          [barrier](const auto&, http::Response& response) { answer_unavailable(response, why_unreadable(barrier)); });
    }
    reply.finish_on_worker([this, level, barrier, most, make](const http::Request& request, http::Response& response) {
      if (barrier.level != level) response.set_header("X-Timestore-Read-Level", "none");
      auto reader = readers_.lend();
      if (!reader) return answer_unavailable(response, reader.error().message);
      const auto applied = (*reader)->begin();
      if (!applied) return answer_unavailable(response, applied.error().message);
      response.set_header(kAppliedIndexHeader, std::to_string(applied->index));
      const auto query = std::make_shared<RunningQueries::Query>(queries_, std::string(request.target()),
                                                                 request.remote_address, Clock::now() + most);
      make({.reader = *reader, .query = query}, request, response);
    });
  };
  reply.when_gone(cluster_.await_readable(level, Clock::now() + patience_.read, passed));
}

}  // namespace timestore::net
