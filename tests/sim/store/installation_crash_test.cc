// A node whose log and series file belong together installs a snapshot, and the power goes before each single change of
// the disk. Whatever is left, the two files still belong together, and the installation can be done again to its end.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "engine/replica/reconcile.h"
#include "engine/series/command.h"
#include "engine/store/log/log_file.h"
#include "engine/store/series/incoming_snapshot.h"
#include "engine/store/series/series_file.h"
#include "sim/disk/vfs.h"
#include "tests/sim/store/store_model.h"

namespace timestore::sim {
namespace {

raft::Configuration members_with(const std::string& other) {
  return {.voters = {{"n1", "http://one:5001"}, {other, "http://two:5002"}}};
}

// Entries of these terms: members first, then commands of some size.
std::vector<raft::Entry> entries_of(const std::vector<raft::Term>& terms, const std::string& other) {
  std::vector<raft::Entry> entries;
  for (const raft::Term term : terms) {
    if (entries.empty()) {
      entries.push_back({term, raft::EntryKind::kMembers, raft::Payload(encode(members_with(other)))});
      continue;
    }
    const TimeEntry entry{.id = {},
                          .device_id = other,
                          .timestamp_ns = 1,
                          .value = 1,
                          .attributes = "{\"note\":\"" + std::string(3000, 'x') + "\"}"};
    entries.push_back({term, raft::EntryKind::kCommand, raft::Payload(encode_command({&entry, 1}))});
  }
  return entries;
}

// What another node sends.
struct Sent {
  store::SnapshotMeta meta;
  std::vector<std::uint8_t> bytes;
};

Sent snapshot_after(const std::vector<raft::Entry>& entries) {
  Choices choices(1);
  Disk disk(choices.stream("donor"));
  const Vfs vfs(disk);
  auto donor = store::SeriesFile::open("series.db", vfs.name(), kSealing).value();
  EXPECT_TRUE(donor->apply(1, entries).has_value());
  const auto snapshot = donor->begin_snapshot().value()->step(~std::uint64_t{0}).value();
  return {snapshot->meta(), snapshot->read_chunk(0, snapshot->meta().size_bytes).value().bytes};
}

// Both files of a node, opened as a replica opens them.
class Node {
 public:
  explicit Node(Disk& disk) : vfs_(disk) {}

  // What is wrong; empty: the node can start.
  std::string start() {
    auto log = store::LogFile::open("log.db", vfs_.name());
    if (!log) return log.error().message;
    log_ = std::move(*log);
    auto series = store::SeriesFile::open("series.db", vfs_.name(), kSealing);
    if (!series) return series.error().message;
    series_ = std::move(*series);
    const auto& recovered = log_->recovered();
    auto repair = replica::reconcile(recovered, {series_->applied(), series_->configuration()});
    if (!repair) return repair.error().message;
    if (*repair) {
      if (auto written = log_->write({&**repair, 1}); !written) return written.error().message;
    }
    const raft::Position applied = series_->applied();
    const bool holds = *repair ? log_->base() == applied : recovered.trail.term_at(applied.index) == applied.term;
    if (!holds) return "the log does not hold what the series file has applied";
    if (recovered.hard_state != kHardState) return "a vote was lost";
    return "";
  }

  void initialize(const std::vector<raft::Entry>& entries, std::size_t applied) {
    log_ = store::LogFile::open("log.db", vfs_.name()).value();
    series_ = store::SeriesFile::open("series.db", vfs_.name(), kSealing).value();
    ASSERT_TRUE(log_->initialize({.node = "n1", .configuration = members_with("n2")}).has_value());
    raft::Write write;
    write.hard_state = kHardState;
    write.first_index = 1;
    write.entries = entries;
    ASSERT_TRUE(log_->write({&write, 1}).has_value());
    ASSERT_TRUE(series_->apply(1, std::span(entries).first(applied)).has_value());
  }
  void apply(const raft::Entry& entry) {
    ASSERT_TRUE(series_->apply(series_->applied().index + 1, {&entry, 1}).has_value());
  }

  // As far as the disk lets it. True: it is done.
  bool install(const Sent& sent) {
    if (series_->applied() == sent.meta.applied) return true;
    auto incoming = store::IncomingSnapshot::open("series.db", vfs_.name(), sent.meta);
    if (!incoming) return false;
    while (!(*incoming)->is_complete()) {
      const std::uint64_t offset = (*incoming)->next_offset();
      const auto rest = std::span(sent.bytes).subspan(offset);
      const auto chunk = rest.first(std::min<std::size_t>(rest.size(), 4 * store::kPageBytes));
      if (!(*incoming)->add_chunk(offset, chunk, store::chunk_checksum(chunk))) return false;
    }
    if (!(*incoming)->finish() || !log_->note_installation(sent.meta.applied)) return false;
    const auto installed = series_->install(**incoming);
    is_installed_ = installed && *installed;
    if (!is_installed_) return false;
    raft::Write write;
    write.hard_state = kHardState;
    if (sent.meta.applied.index <= log_->recovered().trail.last_index()) write.truncate_from = sent.meta.applied.index;
    write.begin_after = {.last = sent.meta.applied, .configuration = *series_->configuration()};
    return log_->write({&write, 1}).has_value();
  }

  raft::Position applied() const { return series_->applied(); }
  std::uint64_t state_hash() const { return series_->state_hash(); }
  bool is_installed() const { return is_installed_; }

 private:
  inline static const raft::HardState kHardState = {.term = 7, .vote = "n2"};

  Vfs vfs_;
  std::unique_ptr<store::LogFile> log_;
  std::unique_ptr<store::SeriesFile> series_;
  bool is_installed_ = false;
};

struct Case {
  const char* name;
  std::vector<raft::Term> snapshot_terms;  // the node's own log: terms 1, 1, 1, 2, 2, 2
  CrashPolicy policy;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const CrashPolicy policy : kCrashPolicies) {
    all.push_back({"beyond_the_end", {1, 1, 1, 3, 3, 3, 3, 3, 3}, policy});
    all.push_back({"against_its_tail", {1, 1, 1, 3, 3}, policy});
  }
  return all;
}

std::string name_of_case(const testing::TestParamInfo<Case>& info) {
  std::string name = std::string(info.param.name) + "_" + std::string(name_of(info.param.policy));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

class InstallationCrash : public testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(CrashPoints, InstallationCrash, testing::ValuesIn(cases()), name_of_case);

TEST_P(InstallationCrash, leaves_two_files_that_belong_together) {
  constexpr std::size_t kApplied = 3;
  const Sent sent = snapshot_after(entries_of(GetParam().snapshot_terms, "n3"));
  Choices choices(3);
  const SqliteWorld world(choices);
  Disk disk(choices.stream("disk"));
  std::uint64_t points = 0;
  std::uint64_t repaired = 0;
  {
    const auto entries = entries_of({1, 1, 1, 2, 2, 2}, "n2");
    Node(disk).initialize(entries, kApplied - 1);
    Node node(disk);
    ASSERT_EQ(node.start(), "");
    node.apply(entries[kApplied - 1]);  // so that there is a write-ahead log in use
    disk.observe_changes([&](const Disk& now) {
      ++points;
      for (std::uint64_t trial = 0; trial < 3 && !HasFailure(); ++trial) {
        SCOPED_TRACE("before change " + std::to_string(points) + ", trial " + std::to_string(trial));
        Disk copy = now;
        copy.choose_from(choices.stream("crash", 3 * points + trial));
        copy.lose_power(GetParam().policy);
        Node again(copy);
        ASSERT_EQ(again.start(), "");
        const bool is_new = again.applied() == sent.meta.applied;
        // What had been applied may be lost, the log has it still.
        ASSERT_TRUE(is_new || (!node.is_installed() && again.applied().index <= kApplied));
        if (is_new) ++repaired;
        ASSERT_TRUE(again.install(sent));
        ASSERT_EQ(again.applied(), sent.meta.applied);
        ASSERT_EQ(again.state_hash(), sent.meta.state_hash);
      }
    });
    ASSERT_TRUE(node.install(sent));
  }
  Node after(disk);
  EXPECT_EQ(after.start(), "");
  EXPECT_EQ(after.applied(), sent.meta.applied);
  EXPECT_GT(points, 30U);
  EXPECT_GT(repaired, 0U);
  std::printf("%ju crash points\n", std::uintmax_t{points});
}

}  // namespace
}  // namespace timestore::sim
