// The state machine once more, by simple containers: what the committed commands mean, in the order of their indices.
//
//   * an id belongs to the first content that came with it; a command that repeats id and content is stored already
//   * a command with an id that has other content is refused as a whole, and changes nothing
//   * an entry without an id gets one that tells its place
//   * what is before the edge of retention is gone, with its id; a command with an entry before the edge is refused
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/raft/types.h"
#include "engine/series/apply_result.h"
#include "engine/series/retention.h"
#include "engine/series/time_entry.h"
#include "sim/checkers/inquiry.h"

namespace timestore::sim {

class Model {
 public:
  // The next entry of the log. Returns the time entries of its command, with their ids.
  std::vector<TimeEntry> apply(const raft::Entry& entry);

  raft::Index applied() const { return results_.size(); }
  std::size_t stored() const { return stored_.size(); }                               // time entries
  const ApplyResult& result(raft::Index index) const { return results_[index - 1]; }  // 1 <= index <= applied()

  const Retention& retention() const { return retention_; }

  // Whether it was there and has expired since.
  bool has_expired(const TimeEntry& entry) const { return entry.timestamp_ns < retention_.edge_ns; }

  // The log index at which the id was stored last; 0: it never was.
  raft::Index index_of(const Guid& id) const;

  // What is wrong with this answer from a state that has applied `index` entries; nothing when it is exact.
  std::optional<std::string> difference(const std::string& device_id, raft::Index index,
                                        const std::vector<TimeEntry>& answer) const;

  // The same for everything stored, in the order of storing.
  std::optional<std::string> difference(raft::Index index, const std::vector<TimeEntry>& stored) const;

  // The same for an answer to an inquiry.
  std::optional<std::string> difference(raft::Index index, const AnswerSeen& answer) const;

 private:
  struct Stored {
    raft::Index index = 0;
    TimeEntry entry;
  };

  ApplyResult follow(raft::Index index, const RetentionOrder& order);
  ApplyResult store(raft::Index index, const std::vector<TimeEntry>& entries);
  std::int64_t edge_at(raft::Index index) const;

  Retention retention_;
  std::map<raft::Index, std::int64_t> edges_ = {{0, kNoEdge}};  // from that log index on
  std::vector<ApplyResult> results_;
  std::vector<Stored> stored_;                                              // in order
  std::map<Guid, std::size_t> by_id_;                                       // into stored_
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_device_;  // into stored_, by time, then in order
};

// Whether two entries are the same to the last bit.
[[nodiscard]] bool is_identical(const TimeEntry& left, const TimeEntry& right);

}  // namespace timestore::sim
