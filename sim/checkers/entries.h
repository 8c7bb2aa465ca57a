// Every entry that any node ever asked its disk to keep, by index and term.
//
// (index, term) names one entry for ever, whichever log it stands in, and the entry before it as well (log matching,
// paper section 5.3). That is checked whenever an entry is added, so everywhere else a term stands for an entry.
#pragma once

#include <vector>

#include "engine/raft/types.h"
#include "sim/checkers/findings.h"
#include "sim/checkers/log_terms.h"

namespace timestore::sim {

class Entries {
 public:
  explicit Entries(Findings& findings) : rules_(findings, "ledger") {}

  // False: the entry contradicts what is known.
  bool add(std::size_t node, raft::Position before, const raft::Entry& entry);

  // Whether an entry at this place was ever added, and is the same.
  bool holds(raft::Index index, const raft::Entry& entry) const;

  const raft::Entry* find(raft::Position position) const;

  // Makes the log the one that ends with this entry, which must be known.
  void lead_to(raft::Position last, LogTerms& log) const;

 private:
  struct Known {
    raft::Term term_before = 0;
    raft::Entry entry;
  };
  const Known* known(raft::Position position) const;

  Rules rules_;
  std::vector<std::vector<Known>> by_index_;  // from index 1; few terms each
};

}  // namespace timestore::sim
