// Lies about the attempts that nodes make for their clients.
#include <vector>

#include "tests/sim/checkers/id.h"

#include "tests/sim/checkers/honest_cluster.h"

namespace timestore::sim {
namespace {

using Kind = client::WriteEnd::Kind;

class AttemptsTest : public ::testing::Test {
 protected:
  AttemptsTest() { cluster.elect(0); }

  TimeEntry entry(std::uint8_t id) {
    TimeEntry entry = cluster.entry();
    if (id > 0) entry.id = id_of(id);
    return entry;
  }
  void commit(const TimeEntry& entry) {
    cluster.propose(0, {entry});
    cluster.settle();
  }
  void end(OperationId operation, Kind kind, const std::vector<TimeEntry>& entries = {}) {
    cluster.oracle().write_ends(0, operation,
                                {.kind = kind,
                                 .result = {.outcome = ApplyResult::Outcome::kStored, .conflicts = {}},
                                 .entries = entries,
                                 .applied = cluster.oracle().committed()});
  }
  OperationId begin_by_attempts(const std::vector<TimeEntry>& entries) {
    return cluster.oracle().write_begins(0, entries, Oracle::Submitted::kByAttempts);
  }
  void attempt(OperationId operation, const TimeEntry& entry) { cluster.oracle().attempt_begins(operation, {entry}); }
  void attempt_ends(OperationId operation, Kind kind, const TimeEntry& entry) {
    cluster.oracle().attempt_ends(operation, {.kind = kind, .result = {}, .entries = {entry}});
  }

  HonestCluster cluster;
};

TEST_F(AttemptsTest, a_write_that_is_tried_twice_under_its_id_is_right) {
  const TimeEntry once = entry(1);
  const OperationId operation = begin_by_attempts({once});
  attempt(operation, once);
  attempt_ends(operation, Kind::kUnknown, once);
  attempt(operation, once);
  commit(once);
  commit(once);
  end(operation, Kind::kApplied, {once});
  EXPECT_RULE(cluster, "");
}

TEST_F(AttemptsTest, a_write_that_may_be_stored_and_is_called_undone_is_found) {
  const TimeEntry once = entry(1);
  const OperationId operation = begin_by_attempts({once});
  attempt(operation, once);
  attempt_ends(operation, Kind::kUnknown, once);
  attempt(operation, once);
  attempt_ends(operation, Kind::kNotLeader, once);
  end(operation, Kind::kNotLeader);
  EXPECT_RULE(cluster, "a write is called not stored only when each attempt certainly did not store it");
}

TEST_F(AttemptsTest, a_try_after_the_client_was_told_that_nothing_was_stored_is_found) {
  const TimeEntry once = entry(1);
  const OperationId operation = begin_by_attempts({once});
  end(operation, Kind::kNotLeader);
  attempt(operation, once);
  EXPECT_RULE(cluster, "nothing is tried after its client was told that nothing was stored");
}

TEST_F(AttemptsTest, a_second_id_is_found) {
  TimeEntry once = entry(0);
  const OperationId operation = begin_by_attempts({once});
  once.id = id_of(1);
  attempt(operation, once);
  once.id = id_of(2);
  attempt(operation, once);
  EXPECT_RULE(cluster, "a write keeps its ids once an attempt may have stored it");
}

TEST_F(AttemptsTest, an_attempt_at_something_else_is_found) {
  TimeEntry once = entry(1);
  const OperationId operation = begin_by_attempts({once});
  once.value += 1;
  attempt(operation, once);
  EXPECT_RULE(cluster, "an attempt is what the client asked for");
}

}  // namespace
}  // namespace timestore::sim
