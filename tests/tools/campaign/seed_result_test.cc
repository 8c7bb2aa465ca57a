#include "tools/campaign/seed_result.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace timestore::campaign {
namespace {

rc::Gen<sim::Violation> violations() {
  return rc::gen::build<sim::Violation>(rc::gen::set(&sim::Violation::checker), rc::gen::set(&sim::Violation::rule),
                                        rc::gen::set(&sim::Violation::detail));
}

rc::Gen<sim::Choice> choices() {
  return rc::gen::build<sim::Choice>(rc::gen::set(&sim::Choice::name), rc::gen::set(&sim::Choice::subject),
                                     rc::gen::set(&sim::Choice::counter), rc::gen::set(&sim::Choice::value));
}

SeedResult any_result() {
  SeedResult result;
  sim::RunReport& report = result.report;
  for (auto* field :
       {&report.seed, &report.hash, &report.events, &report.simulated, &report.leader_changes, &report.commits,
        &report.restarts, &report.faults, &report.messages, &report.searched_histories, &report.left_out_histories}) {
    *field = *rc::gen::arbitrary<std::uint64_t>();
  }
  report.nodes = *rc::gen::inRange<std::size_t>(1, 8);
  if (*rc::gen::arbitrary<bool>()) report.violation = *violations();
  report.faults_by_kind = {{"crash", *rc::gen::arbitrary<std::uint64_t>()}, {*rc::gen::arbitrary<std::string>(), 1}};
  report.timeline = *rc::gen::arbitrary<std::vector<std::string>>();
  report.choices = *rc::gen::container<std::vector<sim::Choice>>(choices());
  report.marks = *rc::gen::arbitrary<std::vector<std::uint64_t>>();
  result.cpu = std::chrono::microseconds(*rc::gen::inRange(0, 1'000'000'000));
  return result;
}

void expect_equal(const SeedResult& left, const SeedResult& right) {
  const auto fields = [](const SeedResult& result) {
    const sim::RunReport& report = result.report;
    return std::tuple(report.seed, report.hash, report.nodes, report.events, report.simulated, report.leader_changes,
                      report.commits, report.restarts, report.faults, report.messages, report.searched_histories,
                      report.left_out_histories, report.faults_by_kind, report.timeline, report.choices, report.marks,
                      result.cpu);
  };
  RC_ASSERT(fields(left) == fields(right));
  RC_ASSERT(left.report.violation.has_value() == right.report.violation.has_value());
  if (!left.report.violation) return;
  RC_ASSERT(left.report.violation->checker == right.report.violation->checker);
  RC_ASSERT(left.report.violation->rule == right.report.violation->rule);
  RC_ASSERT(left.report.violation->detail == right.report.violation->detail);
}

RC_GTEST_PROP(SeedResult, arrives_as_it_was_sent, ()) {
  const SeedResult sent = any_result();
  const auto received = decode(encode(sent));
  RC_ASSERT(received.has_value());
  expect_equal(sent, *received);
}

RC_GTEST_PROP(SeedResult, cut_short_or_with_more_behind_it_is_refused, ()) {
  const std::string bytes = encode(any_result());
  RC_ASSERT(!decode(bytes.substr(0, *rc::gen::inRange<std::size_t>(0, bytes.size()))).has_value());
  RC_ASSERT(!decode(bytes + "x").has_value());
}

}  // namespace
}  // namespace timestore::campaign
