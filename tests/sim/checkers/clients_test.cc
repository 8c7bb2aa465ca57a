// Lies that clients are told.
#include <vector>

#include "tests/sim/checkers/id.h"

#include "tests/sim/checkers/honest_cluster.h"

namespace timestore::sim {
namespace {

using Outcome = ApplyResult::Outcome;
using Kind = client::WriteEnd::Kind;

class ClientsTest : public ::testing::Test {
 protected:
  ClientsTest() { cluster.elect(0); }

  TimeEntry entry(std::uint8_t id, std::int64_t timestamp_ns = 0) {
    TimeEntry entry = cluster.entry();
    if (id > 0) entry.id = id_of(id);
    entry.timestamp_ns = timestamp_ns;
    return entry;
  }
  OperationId begin(const std::vector<TimeEntry>& entries) { return cluster.oracle().write_begins(0, entries); }
  raft::Index commit(const std::vector<TimeEntry>& entries) {
    const raft::Index index = cluster.propose(0, entries);
    cluster.settle();
    return index;
  }
  void end(OperationId operation, Kind kind, const std::vector<TimeEntry>& entries = {}, Outcome outcome = {},
           std::vector<std::uint32_t> conflicts = {}) {
    cluster.oracle().write_ends(0, operation,
                                {.kind = kind,
                                 .result = {.outcome = outcome, .conflicts = std::move(conflicts)},
                                 .entries = entries,
                                 .applied = cluster.oracle().committed()});
  }
  // One write, from its beginning to its end.
  raft::Index store(const std::vector<TimeEntry>& entries) {
    const OperationId operation = begin(entries);
    const raft::Index index = commit(entries);
    end(operation, Kind::kApplied, entries, Outcome::kStored);
    return index;
  }
  ReadSeen seen(raft::Index index, const std::vector<TimeEntry>& entries) {
    return {.granted = index, .position = {.term = 1, .index = index}, .entries = entries};
  }
  void read(const ReadSeen& seen) { cluster.oracle().read_ends(0, cluster.oracle().read_begins(0, "a"), seen); }

  HonestCluster cluster;
};

// ---------------------------------------------------------------------------------------------------- writes

TEST_F(ClientsTest, what_is_true_is_believed) {
  const TimeEntry first = entry(1, 20);
  store({first});
  const TimeEntry second = entry(2, 10);
  const raft::Index index = store({second});
  read(seen(index, {second, first}));
  EXPECT_RULE(cluster, "");
}

TEST_F(ClientsTest, an_end_that_comes_twice_is_found) {
  const OperationId operation = begin({entry(1)});
  end(operation, Kind::kUnknown);
  end(operation, Kind::kUnknown);
  EXPECT_RULE(cluster, "an operation ends once");
}

TEST_F(ClientsTest, a_command_of_nobody_is_found) {
  for (const char* attributes : {"", "{\"op\":7}", "{\"op\":x}", "{\"other\":1}"}) {
    HonestCluster another;
    another.elect(0);
    TimeEntry stray = another.entry();
    stray.attributes = attributes;
    another.propose(0, {stray});
    another.settle();
    EXPECT_RULE(another, "a committed command was asked for by a client");
  }
}

TEST_F(ClientsTest, a_changed_command_is_found) {
  const TimeEntry honest = entry(1);
  begin({honest});
  TimeEntry changed = honest;
  changed.value = 1;
  commit({changed});
  EXPECT_RULE(cluster, "a committed command is what the client asked for");
}

TEST_F(ClientsTest, a_changed_id_is_found) {
  const TimeEntry honest = entry(1);
  begin({honest});
  TimeEntry changed = honest;
  changed.id = id_of(2);
  commit({changed});
  EXPECT_RULE(cluster, "a committed command is what the client asked for");
}

TEST_F(ClientsTest, an_id_given_to_two_entries_is_found) {
  store({entry(1)});
  TimeEntry other = entry(0);
  begin({other});
  other.id = id_of(1);
  commit({other});  // the model finds it in conflict, so nothing is stored under it twice
  EXPECT_RULE(cluster, "an id that a node gives is nobody else's");
}

TEST_F(ClientsTest, a_write_committed_twice_is_found) {
  const TimeEntry once = entry(1);
  begin({once});
  commit({once});
  EXPECT_RULE(cluster, "");
  commit({once});
  EXPECT_RULE(cluster, "a write is committed once for each try");
}

TEST_F(ClientsTest, a_write_tried_again_may_be_committed_again) {
  const TimeEntry again = entry(1);
  const OperationId first = begin({again});
  end(first, Kind::kUnknown, {again});
  const OperationId second = begin({again});
  commit({again});
  commit({again});
  end(second, Kind::kApplied, {again}, Outcome::kStored);
  EXPECT_RULE(cluster, "");
}

TEST_F(ClientsTest, a_retry_may_name_the_ids_that_a_node_gave) {
  const TimeEntry without_id = entry(0);
  TimeEntry with_id = without_id;
  with_id.id = id_of(9);
  const OperationId first = begin({without_id});
  commit({with_id});
  end(first, Kind::kUnknown, {with_id});
  const OperationId second = begin({with_id});
  commit({with_id});
  end(second, Kind::kApplied, {with_id}, Outcome::kStored);
  const OperationId third = begin({without_id});
  TimeEntry with_new_id = without_id;
  with_new_id.id = id_of(10);
  commit({with_new_id});
  end(third, Kind::kApplied, {with_new_id}, Outcome::kStored);
  EXPECT_RULE(cluster, "");
}

TEST_F(ClientsTest, a_refused_write_that_is_committed_later_is_found) {
  const TimeEntry refused = entry(1);
  end(begin({refused}), Kind::kNotLeader, {refused});
  commit({refused});
  EXPECT_RULE(cluster, "a refused write is not committed");
}

TEST_F(ClientsTest, a_committed_write_that_is_refused_later_is_found) {
  const TimeEntry refused = entry(1);
  const OperationId operation = begin({refused});
  commit({refused});
  end(operation, Kind::kBusy, {refused});
  EXPECT_RULE(cluster, "a refused write is not committed");
}

TEST_F(ClientsTest, an_acknowledgement_without_a_commit_is_found) {
  const TimeEntry lost = entry(1);
  end(begin({lost}), Kind::kApplied, {lost}, Outcome::kStored);
  EXPECT_RULE(cluster, "an acknowledged write is committed");
}

TEST_F(ClientsTest, one_commit_cannot_be_acknowledged_to_two_tries) {
  const TimeEntry again = entry(1);
  const OperationId first = begin({again});
  const OperationId second = begin({again});
  commit({again});
  end(first, Kind::kApplied, {again}, Outcome::kStored);
  EXPECT_RULE(cluster, "");
  end(second, Kind::kApplied, {again}, Outcome::kStored);
  EXPECT_RULE(cluster, "an acknowledged write is committed once for each try");
}

TEST_F(ClientsTest, an_acknowledgement_before_it_is_applied_is_found) {
  const TimeEntry early = entry(1);
  const OperationId operation = begin({early});
  const raft::Index index = commit({early});
  cluster.oracle().write_ends(
      0, operation,
      {.kind = Kind::kApplied, .result = {Outcome::kStored, {}}, .entries = {early}, .applied = index - 1});
  EXPECT_RULE(cluster, "an acknowledged write is committed with these ids, and applied");
}

TEST_F(ClientsTest, applied_beyond_what_is_committed_is_found) {
  const TimeEntry early = entry(1);
  const OperationId operation = begin({early});
  const raft::Index index = commit({early});
  cluster.oracle().write_ends(
      0, operation,
      {.kind = Kind::kApplied, .result = {Outcome::kStored, {}}, .entries = {early}, .applied = index + 1});
  EXPECT_RULE(cluster, "only what is committed is applied");
}

TEST_F(ClientsTest, another_id_than_the_stored_one_is_found) {
  TimeEntry given = entry(0);
  const OperationId operation = begin({given});
  given.id = id_of(1);
  commit({given});
  given.id = id_of(2);
  end(operation, Kind::kApplied, {given}, Outcome::kStored);
  EXPECT_RULE(cluster, "an acknowledged write is committed with these ids, and applied");
}

TEST_F(ClientsTest, an_answer_without_ids_is_found) {
  const TimeEntry nil = entry(0);
  const OperationId operation = begin({nil});
  TimeEntry given = nil;
  given.id = id_of(1);
  commit({given});
  end(operation, Kind::kApplied, {nil}, Outcome::kStored);
  EXPECT_RULE(cluster, "a client is told its own entries, with their ids");
}

TEST_F(ClientsTest, a_wrong_outcome_is_found) {
  const TimeEntry taken = entry(1);
  store({taken});
  const std::vector<TimeEntry> batch{entry(2), entry(1)};
  const OperationId operation = begin(batch);
  commit(batch);
  end(operation, Kind::kApplied, batch, Outcome::kStored);
  EXPECT_RULE(cluster, "a client is told what became of its write");
}

TEST_F(ClientsTest, a_conflict_is_told_with_its_places) {
  store({entry(1)});
  const std::vector<TimeEntry> batch{entry(2), entry(1)};
  const OperationId operation = begin(batch);
  commit(batch);
  end(operation, Kind::kApplied, batch, Outcome::kConflict, {1});
  EXPECT_RULE(cluster, "");

  const std::vector<TimeEntry> other{entry(1), entry(3)};
  const OperationId lie = begin(other);
  commit(other);
  end(lie, Kind::kApplied, other, Outcome::kConflict, {1});
  EXPECT_RULE(cluster, "a client is told what became of its write");
}

// ---------------------------------------------------------------------------------------------------- reads

TEST_F(ClientsTest, a_state_that_was_never_committed_is_found) {
  read(seen(2, {}));
  EXPECT_RULE(cluster, "a reader sees a committed state");
}

TEST_F(ClientsTest, a_state_of_another_term_is_found) {
  ReadSeen lie = seen(1, {});
  lie.position.term = 2;
  read(lie);
  EXPECT_RULE(cluster, "a reader sees a committed state");
}

TEST_F(ClientsTest, a_read_that_misses_an_acknowledged_write_is_found) {
  store({entry(1)});
  read(seen(1, {}));
  EXPECT_RULE(cluster, "a granted read sees everything that was acknowledged before it began");
}

TEST_F(ClientsTest, a_read_that_began_before_the_acknowledgement_may_miss_it) {
  const OperationId read = cluster.oracle().read_begins(0, "a");
  store({entry(1)});
  cluster.oracle().read_ends(0, read, seen(1, {}));
  EXPECT_RULE(cluster, "");
}

TEST_F(ClientsTest, a_read_older_than_one_that_ended_before_is_found) {
  const TimeEntry unknown = entry(1);
  begin({unknown});
  const raft::Index index = commit({unknown});
  read(seen(index, {unknown}));
  EXPECT_RULE(cluster, "");
  read(seen(index - 1, {}));
  EXPECT_RULE(cluster, "a granted read sees everything that was acknowledged before it began");
}

TEST_F(ClientsTest, a_state_older_than_granted_is_found) {
  const TimeEntry unknown = entry(1);
  begin({unknown});
  ReadSeen lie = seen(commit({unknown}), {});
  --lie.position.index;
  read(lie);
  EXPECT_RULE(cluster, "a reader sees what it was granted");
}

TEST_F(ClientsTest, a_wrong_content_is_found) {
  const TimeEntry first = entry(1, 10);
  store({first});
  const TimeEntry second = entry(2, 10);
  const raft::Index index = store({second});
  TimeEntry changed = second;
  changed.value = 3;
  const std::vector<std::vector<TimeEntry>> lies{
      {}, {first}, {second}, {second, first}, {first, changed}, {first, second, second}};
  for (const auto& lie : lies) {
    HonestCluster another;
    another.elect(0);
    for (const TimeEntry& entry : {first, second}) {
      another.oracle().write_begins(0, {entry});
      another.propose(0, {entry});
      another.settle();
    }
    const auto read = [&](const std::vector<TimeEntry>& entries) {
      another.oracle().read_ends(0, another.oracle().read_begins(0, "a"), seen(index, entries));
    };
    read({first, second});
    EXPECT_RULE(another, "");
    read(lie);
    EXPECT_RULE(another, "a reader sees what the log says");
  }
}

TEST_F(ClientsTest, a_read_that_fails_asks_nothing) {
  cluster.oracle().read_fails(0, cluster.oracle().read_begins(0, "a"));
  EXPECT_RULE(cluster, "");
}

// ---------------------------------------------------------------------------------------------------- at the end

TEST_F(ClientsTest, a_converged_node_is_believed) {
  const TimeEntry first = entry(1, 20);
  store({first});
  const TimeEntry second = entry(2, 10);
  const raft::Index index = store({second});
  cluster.turn(0, {raft::Tick{}});
  cluster.oracle().converged(0, {1, index}, 5, {first, second});
  EXPECT_RULE(cluster, "");
}

TEST_F(ClientsTest, a_node_that_is_behind_is_found) {
  const raft::Index index = store({entry(1)});
  cluster.oracle().converged(0, {1, index - 1}, 5, {});
  EXPECT_RULE(cluster, "a healed cluster has applied everything committed");
}

TEST_F(ClientsTest, a_lost_acknowledged_entry_is_found) {
  const raft::Index index = store({entry(1)});
  cluster.oracle().converged(0, {1, index}, 5, {});
  EXPECT_RULE(cluster, "nothing acknowledged is lost");
}

TEST_F(ClientsTest, an_acknowledged_entry_with_other_content_is_found) {
  TimeEntry changed = entry(1);
  const raft::Index index = store({changed});
  changed.value = 4;
  cluster.oracle().converged(0, {1, index}, 5, {changed});
  EXPECT_RULE(cluster, "nothing acknowledged is lost");
}

TEST_F(ClientsTest, an_entry_stored_twice_is_found) {
  const TimeEntry twice = entry(1);
  const raft::Index index = store({twice});
  cluster.oracle().converged(0, {1, index}, 5, {twice, twice});
  EXPECT_RULE(cluster, "an id is stored once");
}

TEST_F(ClientsTest, an_entry_too_much_is_found) {
  const TimeEntry stored = entry(1);
  const raft::Index index = store({stored});
  cluster.oracle().converged(0, {1, index}, 5, {stored, entry(2)});
  EXPECT_RULE(cluster, "a node stores what the log says, once and nothing else");
}

TEST_F(ClientsTest, another_state_hash_at_the_end_is_found) {
  const TimeEntry stored = entry(1);
  const raft::Index index = store({stored});
  cluster.commit(0);
  cluster.oracle().applied(0, index, 5, 0);
  cluster.oracle().applied(1, index, 6, 0);
  EXPECT_RULE(cluster, "nodes that have applied the same have the same state");
}

}  // namespace
}  // namespace timestore::sim
