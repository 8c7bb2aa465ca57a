// What each node's log file has been asked to hold, and what of it is durable: the second account that every promise
// is measured against.
//
//                durable                queue
//   log   ... 4  5  6 | write 7: 7 8 | write 8: truncate from 8, 8 9 |
//                     ^ wrote() moves this line; a loss of power may leave it anywhere between here and the end
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "engine/raft/effects.h"
#include "engine/raft/state.h"
#include "engine/store/log/log_file.h"
#include "sim/checkers/entries.h"
#include "sim/checkers/findings.h"
#include "sim/checkers/log_terms.h"

namespace timestore::sim {

struct LogImage {
  raft::HardState hard_state = {.term = 0, .vote = {}, .novice = true};  // of a new disk
  LogTerms log;          // from the first entry on: what the file has forgotten, the series file has
  raft::Index base = 0;  // the file begins after this entry
};

class Shadows {
 public:
  Shadows(Findings& findings, Entries& entries, std::size_t nodes);

  std::size_t size() const { return shadows_.size(); }
  const LogImage& durable(std::size_t node) const { return shadows_[node].durable; }
  const LogImage& issued(std::size_t node) const { return shadows_[node].issued; }

  // How many nodes hold the entry durably, and may be counted for it. A disk that is lost counts with what it held to
  // its end: its node takes part in nothing any more, or not before a leader has admitted it, so no quorum can be
  // formed that would miss it. For the same reason, what the node's next disk holds counts only when it is admitted.
  std::size_t holders(raft::Position position) const;
  bool holds(std::size_t node, raft::Position position) const;

  bool is_lost(std::size_t node) const { return shadows_[node].is_lost; }  // its disk, and there is no other yet

  // Its disk is lost, or was empty and no leader has admitted the node since.
  bool is_novice(std::size_t node) const;

  // A log file was opened, though its node may not come to life: what it then says of a snapshot that is being
  // installed it may have acted upon before it says something else.
  void found(std::size_t node, const store::LogFile::Recovered& recovered);
  void started(std::size_t node, const store::LogFile::Recovered& recovered, const raft::State& core);
  void stepped(std::size_t node, const raft::State& core, const raft::Effects& effects);
  void wrote(std::size_t node, raft::WriteId last, bool is_synced);
  void lost(std::size_t node);

 private:
  struct Queued {
    raft::WriteId id = 0;
    raft::HardState hard_state;
    std::optional<raft::Index> truncate_from;
    std::optional<raft::Position> begin_after;
    std::vector<raft::Term> terms;
  };
  struct Shadow {
    LogImage durable;
    LogImage issued;  // durable, and then the queue
    std::deque<Queued> queue;
    raft::WriteId last_write = 0;
    bool is_lost = false;
    LogTerms lost_log = {};  // of the last disk whose node was no novice, if the present one's is
    bool has_lived = false;
    std::optional<raft::Position> installing;  // noted in the log file when it was last opened
  };

  bool asks(std::size_t node, const raft::Write& write);
  bool keeps_its_word(std::size_t node, const raft::HardState& before, const raft::HardState& after);
  bool is_image(const LogImage& image, const store::LogFile::Recovered& recovered) const;
  void take_over(std::size_t node, const store::LogFile::Recovered& recovered);
  void apply(LogImage& image, const Queued& write) const;
  void begin_after(LogImage& image, raft::Position last) const;
  LogImage with_snapshot(LogImage image, const std::optional<raft::Position>& last) const;

  Rules rules_;
  Entries& entries_;
  std::vector<Shadow> shadows_;
};

}  // namespace timestore::sim
