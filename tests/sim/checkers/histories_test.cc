// What is gathered from clients is searched rightly: nobody is accused who is innocent, and nobody excused who lies.
#include "sim/checkers/histories.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

#include "tests/sim/checkers/id.h"

namespace timestore::sim {
namespace {

using Outcome = ApplyResult::Outcome;
using Kind = client::WriteEnd::Kind;

class HistoriesTest : public ::testing::Test {
 protected:
  static TimeEntry entry(std::uint64_t id, const std::string& device = "a", double value = 0) {
    return {.id = id_of(id), .device_id = device, .value = value};
  }
  OperationId begin_write(const std::vector<TimeEntry>& entries) {
    histories.write_begins(++last, entries);
    return last;
  }
  void end(OperationId operation, Kind kind, const std::vector<TimeEntry>& entries, Outcome outcome = Outcome::kStored,
           std::vector<std::uint32_t> conflicts = {}) {
    histories.write_ends(operation, {.kind = kind, .result = {outcome, std::move(conflicts)}, .entries = entries});
  }
  void store(const std::vector<TimeEntry>& entries) { end(begin_write(entries), Kind::kApplied, entries); }
  OperationId begin_read(const std::string& device = "a") {
    histories.read_begins(++last, device);
    return last;
  }
  void read(const std::vector<TimeEntry>& entries, const std::string& device = "a") {
    histories.read_ends(begin_read(device), entries);
  }
  bool is_explained() {
    histories.search();
    return !findings.any();
  }

  Findings findings;
  Histories histories{findings, true};
  OperationId last = 0;
};

TEST_F(HistoriesTest, a_true_history_is_explained) {
  store({entry(1)});
  read({entry(1)});
  store({entry(2)});
  read({entry(1), entry(2)});
  EXPECT_TRUE(is_explained());
  EXPECT_EQ(histories.searched(), 1U);
  EXPECT_EQ(histories.left_out(), 0U);
}

TEST_F(HistoriesTest, a_lost_write_is_found) {
  store({entry(1)});
  read({});
  EXPECT_FALSE(is_explained());
  EXPECT_EQ(findings.first()->checker, "linearizability");
}

TEST_F(HistoriesTest, a_write_lost_long_after_is_found) {
  std::vector<TimeEntry> all;
  for (std::uint64_t id = 1; id <= 100; ++id) {
    all.push_back(entry(id));
    store({all.back()});
    read(all);
  }
  all.erase(all.begin() + 3);
  read(all);
  EXPECT_FALSE(is_explained());
  EXPECT_NE(findings.first()->detail.find("lacks what was stored before"), std::string::npos);
}

TEST_F(HistoriesTest, an_entry_from_nowhere_is_found) {
  read({entry(1)});
  EXPECT_FALSE(is_explained());
}

TEST_F(HistoriesTest, a_refused_write_that_is_seen_is_found) {
  end(begin_write({entry(1)}), Kind::kNotLeader, {entry(1)});
  read({entry(1)});
  EXPECT_FALSE(is_explained());
}

TEST_F(HistoriesTest, an_unknown_write_may_be_seen_windows_later) {
  end(begin_write({entry(1)}), Kind::kUnknown, {entry(1)});
  for (int i = 0; i < 200; ++i) read({});
  read({entry(1)});
  EXPECT_TRUE(is_explained());
  EXPECT_EQ(histories.searched(), 6U);
}

TEST_F(HistoriesTest, an_unknown_write_once_seen_stays) {
  end(begin_write({entry(1)}), Kind::kUnknown, {entry(1)});
  read({entry(1)});
  for (int i = 0; i < 100; ++i) read({entry(1)});
  read({});
  EXPECT_FALSE(is_explained());
}

TEST_F(HistoriesTest, a_write_that_never_ends_may_be_seen) {
  begin_write({entry(1)});
  read({});
  read({entry(1)});
  EXPECT_TRUE(is_explained());
}

TEST_F(HistoriesTest, a_slow_write_over_several_windows_is_judged_in_all) {
  const OperationId slow = begin_write({entry(1)});
  for (int i = 0; i < 60; ++i) read({});
  for (int i = 0; i < 60; ++i) read({entry(1)});
  end(slow, Kind::kApplied, {entry(1)});
  for (int i = 0; i < 60; ++i) read({entry(1)});
  EXPECT_TRUE(is_explained());
  EXPECT_EQ(histories.searched(), 5U);
}

TEST_F(HistoriesTest, a_slow_read_over_several_windows_accuses_nobody) {
  const OperationId slow = begin_read();
  for (std::uint64_t id = 1; id <= 60; ++id) store({entry(id)});
  histories.read_ends(slow, {});
  EXPECT_TRUE(is_explained());
}

TEST_F(HistoriesTest, devices_are_judged_apart) {
  store({entry(1, "a"), entry(2, "b")});
  read({entry(1, "a")}, "a");
  read({entry(2, "b")}, "b");
  EXPECT_TRUE(is_explained());
  EXPECT_EQ(histories.searched(), 2U);
}

TEST_F(HistoriesTest, a_conflict_without_a_reason_is_found) {
  end(begin_write({entry(1)}), Kind::kApplied, {entry(1)}, Outcome::kConflict, {0});
  EXPECT_FALSE(is_explained());
}

TEST_F(HistoriesTest, a_conflict_whose_reason_may_be_on_another_device_is_left_out) {
  store({entry(1, "b")});
  end(begin_write({entry(1)}), Kind::kApplied, {entry(1)}, Outcome::kConflict, {0});
  EXPECT_TRUE(is_explained());
}

TEST_F(HistoriesTest, two_contents_stored_with_one_id_are_found) {
  store({entry(1)});
  store({entry(1, "a", 5)});
  EXPECT_FALSE(is_explained());
}

TEST_F(HistoriesTest, two_contents_stored_windows_apart_are_found) {
  store({entry(1)});
  for (int i = 0; i < 100; ++i) read({entry(1)});
  store({entry(1, "a", 5)});
  EXPECT_FALSE(is_explained());
}

TEST_F(HistoriesTest, writes_whose_ids_nobody_told_close_their_device) {
  read({});
  TimeEntry untold = entry(0);
  begin_write({untold});
  read({entry(7)});
  EXPECT_TRUE(is_explained());
  EXPECT_EQ(histories.searched(), 1U);
}

TEST_F(HistoriesTest, devices_beyond_the_first_are_counted_as_left_out) {
  for (std::uint64_t number = 1; number <= 8; ++number) store({entry(number, "device " + std::to_string(number))});
  for (std::uint64_t number = 101; number <= 130; ++number) store({entry(number, "another")});
  for (int i = 0; i < 11; ++i) read({}, "another");
  EXPECT_TRUE(is_explained());
  EXPECT_EQ(histories.searched(), 8U);
  EXPECT_EQ(histories.left_out(), 2U) << "41 calls are more than one window";
}

TEST_F(HistoriesTest, what_follows_on_a_closed_device_is_counted_as_left_out) {
  read({});
  end(begin_write({entry(0)}), Kind::kUnknown, {entry(0)});
  for (std::uint64_t id = 1; id <= 45; ++id) store({entry(id)});
  for (int i = 0; i < 40; ++i) read({});
  EXPECT_TRUE(is_explained());
  EXPECT_EQ(histories.searched(), 1U);
  EXPECT_EQ(histories.left_out(), 3U);
}

TEST_F(HistoriesTest, a_window_of_too_many_calls_is_counted_as_left_out) {
  std::vector<OperationId> slow;
  for (std::uint64_t id = 1; id <= 39; ++id) slow.push_back(begin_write({entry(id)}));
  std::vector<TimeEntry> all;
  for (std::uint64_t id = 101; id <= 140; ++id) store({entry(id)});
  for (std::uint64_t id = 1; id <= 39; ++id) all.push_back(entry(id));
  for (std::uint64_t id = 101; id <= 140; ++id) all.push_back(entry(id));
  for (std::uint64_t id = 1; id <= 39; ++id) end(slow[id - 1], Kind::kApplied, {entry(id)});
  read(all);
  EXPECT_TRUE(is_explained());
  EXPECT_GE(histories.left_out(), 1U);
}

TEST_F(HistoriesTest, nothing_is_searched_when_the_world_says_so) {
  Histories idle(findings, false);
  idle.read_begins(1, "a");
  idle.read_ends(1, {entry(1)});
  idle.search();
  EXPECT_FALSE(findings.any());
  EXPECT_EQ(idle.searched(), 0U);
}

// A true store of one or two devices, with calls that overlap at random; then perhaps one lie.
class TrueStore {
 public:
  void put(const std::vector<TimeEntry>& entries, client::WriteEnd& end) {
    std::map<Guid, TimeEntry> next = stored_;
    for (std::uint32_t i = 0; i < entries.size(); ++i) {
      const auto [holder, is_new] = next.emplace(entries[i].id, entries[i]);
      if (!is_new && holder->second != entries[i]) end.result.conflicts.push_back(i);
    }
    end.result.outcome = end.result.conflicts.empty() ? Outcome::kStored : Outcome::kConflict;
    if (end.result.conflicts.empty()) stored_ = std::move(next);
  }
  std::vector<TimeEntry> read(const std::string& device) const {
    std::vector<TimeEntry> entries;
    for (const auto& [id, entry] : stored_) {
      if (entry.device_id == device) entries.push_back(entry);
    }
    return entries;
  }

 private:
  std::map<Guid, TimeEntry> stored_;
};

RC_GTEST_PROP(Histories, a_true_store_is_never_accused, ()) {
  Findings findings;
  Histories histories(findings, true);
  TrueStore store;
  struct Open {
    OperationId operation = 0;
    std::string device;  // of a read
    std::vector<TimeEntry> seen;
    client::WriteEnd end;
    bool has_happened = false;
  };
  std::vector<Open> open;
  OperationId last = 0;
  const auto steps = *rc::gen::inRange(0, 600);
  for (int step = 0; step < steps; ++step) {
    const auto what = *rc::gen::inRange(0, 10);
    if (what < 4) {
      Open one;
      one.operation = ++last;
      if (what == 0) {
        one.device = *rc::gen::element<std::string>("a", "b");
        histories.read_begins(last, one.device);
      } else {
        const auto count = *rc::gen::inRange(1, 3);
        for (int i = 0; i < count; ++i) {
          one.end.entries.push_back({.id = id_of(*rc::gen::inRange<std::uint64_t>(1, 200)),
                                     .device_id = *rc::gen::element<std::string>("a", "b"),
                                     .value = static_cast<double>(*rc::gen::inRange(0, 2))});
        }
        histories.write_begins(last, one.end.entries);
      }
      open.push_back(std::move(one));
    } else if (!open.empty()) {
      const auto which = *rc::gen::inRange<std::size_t>(0, open.size());
      Open& one = open[which];
      if (!one.has_happened && what < 9) {  // at some moment between begin and end
        one.has_happened = true;
        one.end.kind = Kind::kApplied;
        if (one.device.empty()) store.put(one.end.entries, one.end);
        if (!one.device.empty()) one.seen = store.read(one.device);
        continue;
      }
      if (!one.device.empty() && one.has_happened) histories.read_ends(one.operation, one.seen);
      if (one.device.empty()) {
        if (!one.has_happened || what == 9)
          one.end = {.kind = Kind::kUnknown, .result = {}, .entries = one.end.entries};
        histories.write_ends(one.operation, one.end);
      }
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
    }
  }
  histories.search();
  if (findings.any()) RC_FAIL(findings.first()->detail);
}

}  // namespace
}  // namespace timestore::sim
