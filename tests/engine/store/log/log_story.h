// A small language for tests of the log file: stories of appends, votes, truncations and reopenings, on a test disk,
// told to a plain model as well.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "engine/store/log/log_file.h"
#include "tests/engine/store/disk.h"
#include "tests/engine/store/entries.h"

namespace timestore::store {

// What a log file should hold, kept in the simplest way.
struct LogModel {
  std::optional<LogFile::Identity> identity;
  raft::HardState hard_state = {.term = 0, .vote = {}, .novice = true};  // of a new file
  raft::Position base = {};
  std::vector<raft::Entry> entries = {};  // after the base

  raft::Index next_index() const { return base.index + entries.size() + 1; }
  void write(const raft::Write& write) {
    if (write.truncate_from) entries.resize(*write.truncate_from - base.index - 1);
    if (write.begin_after) {
      const auto removed = std::min<std::size_t>(write.begin_after->last.index - base.index, entries.size());
      entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(removed));
      base = write.begin_after->last;
      identity->configuration = write.begin_after->configuration;
    }
    entries.insert(entries.end(), write.entries.begin(), write.entries.end());
    hard_state = write.hard_state;
  }
  bool operator==(const LogModel&) const = default;
};

inline void PrintTo(const LogModel& model, std::ostream* out) {
  *out << "node " << (model.identity ? model.identity->node : "(none)") << ", term " << model.hard_state.term
       << ", vote " << model.hard_state.vote.value_or("(none)") << ", after " << model.base.term << ':'
       << model.base.index << ", entries:";
  for (const raft::Entry& entry : model.entries) {
    *out << ' ' << entry.term << ':' << testing::PrintToString(entry.payload.view().substr(0, 20));
  }
}

inline raft::Entry command(raft::Term term, const std::string& text) {
  return {.term = term, .kind = raft::EntryKind::kCommand, .payload = raft::Payload(text)};
}

inline LogFile::Identity identity_of_n1() { return {.node = "n1", .configuration = members_with("n2")}; }

// Everything that an open log file holds.
inline LogModel contents(LogFile& log) {
  LogModel model{log.recovered().identity, log.recovered().hard_state, log.base()};
  auto entries = log.read(log.base().index + 1, std::numeric_limits<std::size_t>::max(),
                          std::numeric_limits<std::uint64_t>::max());
  EXPECT_TRUE(entries.has_value()) << entries.error().message;
  if (entries) model.entries = std::move(*entries);
  return model;
}

inline Result<std::unique_ptr<LogFile>> open_log(const Disk& disk) {
  return LogFile::open(disk.path("log.db"), disk.vfs());
}

// What is recovered from a disk, which must be possible.
inline LogModel recovered_from(const Disk& disk) {
  auto log = open_log(disk);
  EXPECT_TRUE(log.has_value()) << log.error().message;
  return log ? contents(**log) : LogModel{};
}

// The sentence with which a disk's log is refused.
inline std::string refusal_of(const Disk& disk) {
  auto log = open_log(disk);
  EXPECT_FALSE(log.has_value()) << "the log was opened";
  return log ? "" : log.error().message;
}

class LogStory : public testing::Test {
 protected:
  void open() {
    auto opened = open_log(disk);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    log = std::move(*opened);
  }
  void start() {
    open();
    model.identity = identity_of_n1();
    const auto done = log->initialize(*model.identity);
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  void close() { log.reset(); }
  void reopen() {
    close();
    open();
  }

  // A write that changes nothing yet.
  raft::Write change() const {
    raft::Write write;
    write.hard_state = model.hard_state;
    write.first_index = model.next_index();
    return write;
  }
  void write(const raft::Write& write) {
    const auto done = log->write({&write, 1});
    ASSERT_TRUE(done.has_value()) << done.error().message;
    model.write(write);
  }
  void append(std::vector<raft::Entry> entries) {
    raft::Write appending = change();
    for (const raft::Entry& entry : entries)
      appending.hard_state.term = std::max(appending.hard_state.term, entry.term);
    if (appending.hard_state.term > model.hard_state.term) appending.hard_state.vote.reset();
    appending.entries = std::move(entries);
    write(appending);
  }
  void truncate_from(raft::Index index) {
    raft::Write truncating = change();
    truncating.truncate_from = index;
    write(truncating);
  }
  // The members afterwards are n1 and `other`.
  void begin_after(raft::Position last, const raft::NodeId& other) {
    raft::Write beginning = change();
    beginning.hard_state.term = std::max(beginning.hard_state.term, last.term);
    if (beginning.hard_state.term > model.hard_state.term) beginning.hard_state.vote.reset();
    beginning.begin_after = {last, members_with(other)};
    beginning.first_index = last.index + 1;
    write(beginning);
  }
  void vote(raft::Term term, const raft::NodeId& node) {
    raft::Write voting = change();
    voting.hard_state = {term, node};
    write(voting);
  }

  Disk disk;
  std::unique_ptr<LogFile> log;
  LogModel model;
};

}  // namespace timestore::store
