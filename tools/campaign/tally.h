// The sums of a campaign.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tools/campaign/seed_result.h"

namespace timestore::campaign {

class Tally {
 public:
  Tally();

  void add(const SeedResult& result);

  // One row of the summary.
  struct Row {
    std::string_view name;
    double total = 0;
  };
  // Simulated seconds, events, commits, leader changes, restarts, faults, messages.
  std::vector<Row> rows() const;

  std::uint64_t seeds() const { return seeds_; }
  std::uint64_t violations() const { return violations_; }
  double cpu_seconds() const { return std::chrono::duration<double>(sum_.cpu).count(); }
  double simulated_seconds() const;
  const std::map<std::string, std::uint64_t, std::less<>>& faults_by_kind() const { return sum_.report.faults_by_kind; }
  std::uint64_t searched_histories() const { return sum_.report.searched_histories; }
  std::uint64_t left_out_histories() const { return sum_.report.left_out_histories; }

  struct MarkTally {
    std::uint64_t count = 0;
    std::uint64_t first_seed = 0;  // the lowest that reached it, if one did
  };
  // Every mark of this program by name; those that were never reached too.
  const std::map<std::string_view, MarkTally>& marks() const { return marks_; }
  std::uint64_t unreached_marks() const;

 private:
  std::uint64_t seeds_ = 0;
  std::uint64_t violations_ = 0;
  SeedResult sum_;  // its numbers, added up
  std::map<std::string_view, MarkTally> marks_;
};

}  // namespace timestore::campaign
