#include "sim/checkers/shadows.h"

#include <algorithm>
#include <utility>

namespace timestore::sim {

Shadows::Shadows(Findings& findings, Entries& entries, std::size_t nodes)
    : rules_(findings, "promises"), entries_(entries), shadows_(nodes) {}

bool Shadows::is_novice(std::size_t node) const {
  return shadows_[node].is_lost || shadows_[node].durable.hard_state.novice;
}

bool Shadows::holds(std::size_t node, raft::Position position) const {
  const Shadow& shadow = shadows_[node];
  return is_novice(node) ? shadow.lost_log.holds(position) : shadow.durable.log.holds(position);
}

std::size_t Shadows::holders(raft::Position position) const {
  std::size_t count = 0;
  for (std::size_t node = 0; node < size(); ++node) {
    if (holds(node, position)) ++count;
  }
  return count;
}

void Shadows::lost(std::size_t node) {
  if (!is_novice(node)) shadows_[node].lost_log = shadows_[node].durable.log;
  shadows_[node].is_lost = true;
}

// Compacted, or replaced by a snapshot: then it is the log that leads to its last entry.
void Shadows::begin_after(LogImage& image, raft::Position last) const {
  if (!image.log.holds(last)) entries_.lead_to(last, image.log);
  image.base = last.index;
}

void Shadows::apply(LogImage& image, const Queued& write) const {
  if (write.truncate_from) image.log.truncate_from(*write.truncate_from);
  if (write.begin_after) begin_after(image, *write.begin_after);
  for (const raft::Term term : write.terms) image.log.append(term);
  image.hard_state = write.hard_state;
}

// ---------------------------------------------------------------------------------------------------- a life begins

void Shadows::started(std::size_t node, const store::LogFile::Recovered& recovered, const raft::State& core) {
  Shadow& shadow = shadows_[node];
  if (!std::exchange(shadow.has_lived, true)) shadow.durable.hard_state.novice = recovered.hard_state.novice;
  if (std::exchange(shadow.is_lost, false)) {
    take_over(node, recovered);
  } else {
    LogImage image = shadow.durable;
    const auto noted = [&] { return with_snapshot(image, shadow.installing); };
    while (!is_image(image, recovered) && !is_image(noted(), recovered) && !shadow.queue.empty()) {
      apply(image, shadow.queue.front());
      shadow.queue.pop_front();
    }
    if (!is_image(image, recovered)) image = noted();
    const bool holds = rules_.require(is_image(image, recovered), "a restarted node holds what it promised", [&] {
      return facts("node", node + 1, "durable term", shadow.durable.hard_state.term, "durable log to",
                   place(shadow.durable.log.last()), "asked for to", place(shadow.issued.log.last()), "recovered term",
                   recovered.hard_state.term, "recovered log to", place(recovered.trail.last()));
    });
    if (!holds) return;
    shadow.durable = std::move(image);
    // A crash came when the series file had been replaced and the log had not heard of it.
    const raft::Position base = core.trail.base();
    if (base != recovered.trail.base() && base == recovered.installing) {
      shadow.durable = with_snapshot(std::move(shadow.durable), base);
    }
  }
  shadow.issued = shadow.durable;
  shadow.queue.clear();
  shadow.last_write = 0;
  const bool is_what_was_found =
      core.trail == recovered.trail || core.trail == raft::Trail(recovered.installing.value_or(raft::Position{}));
  shadow.installing.reset();
  rules_.require(core.hard_state == recovered.hard_state && is_what_was_found,
                 "a node starts from what its log file holds", [&] { return facts("node", node + 1); });
  const auto& known = core.configurations.known();
  const bool knows_members =
      std::all_of(recovered.configurations.begin(), recovered.configurations.end(), [&](const auto& entry) {
        const auto found = known.find(entry.first);
        return entry.first <= core.trail.base().index || (found != known.end() && found->second == entry.second);
      });
  rules_.require(core.trail != recovered.trail || knows_members, "a node starts with the members that its log names",
                 [&] { return facts("node", node + 1, "members at", core.configurations.latest_index()); });
}

void Shadows::found(std::size_t node, const store::LogFile::Recovered& recovered) {
  if (recovered.installing) shadows_[node].installing = recovered.installing;
}

// What a start makes of the log file when the series file has become a snapshot, and the log has not heard of it.
LogImage Shadows::with_snapshot(LogImage image, const std::optional<raft::Position>& last) const {
  if (!last) return image;
  image.log.truncate_from(last->index);
  begin_after(image, *last);
  return image;
}

bool Shadows::is_image(const LogImage& image, const store::LogFile::Recovered& recovered) const {
  const raft::Trail& trail = recovered.trail;
  if (recovered.hard_state != image.hard_state || trail.last_index() != image.log.last_index()) return false;
  if (trail.base().index != image.base || !image.log.holds(trail.base())) return false;
  for (raft::Index index = trail.last_index(); index >= trail.first_index(); --index) {
    const raft::Position position{.term = trail.term_at(index).value_or(0), .index = index};
    if (!image.log.holds(position)) return false;
    const raft::Entry* entry = entries_.find(position);
    if (entry == nullptr || entry->kind != trail.kind_at(index)) return false;
  }
  return true;
}

// Of a disk that nothing is known about.
void Shadows::take_over(std::size_t node, const store::LogFile::Recovered& recovered) {
  LogImage image{.hard_state = recovered.hard_state, .log = {}};
  begin_after(image, recovered.trail.base());
  for (raft::Index index = recovered.trail.first_index(); index <= recovered.trail.last_index(); ++index) {
    image.log.append(recovered.trail.term_at(index).value_or(0));
  }
  shadows_[node].durable = std::move(image);
}

// ---------------------------------------------------------------------------------------------------- writes

void Shadows::stepped(std::size_t node, const raft::State& core, const raft::Effects& effects) {
  if (effects.write && !asks(node, *effects.write)) return;
  const LogTerms& durable = shadows_[node].durable.log;
  const std::optional<raft::Term> term = core.trail.term_at(core.durable);
  const bool is_forgotten = core.durable < core.trail.base().index;  // a snapshot has come
  if (!rules_.require(durable.last_index() >= core.durable && (is_forgotten || durable.term_at(core.durable) == term),
                      "what a node counts as durable is", [&] {
                        return facts("node", node + 1, "its log is durable to", place({term.value_or(0), core.durable}),
                                     "it says", "its disk to", place(durable.last()));
                      })) {
    return;
  }
  const LogImage& issued = shadows_[node].issued;
  rules_.require(core.trail.last_index() == issued.log.last_index() &&
                     core.trail.last_term() == issued.log.last_term() && core.hard_state == issued.hard_state,
                 "whatever a node changes, it asks its disk to keep", [&] {
                   return facts("node", node + 1, "its log ends at", place(core.trail.last()), "asked for to",
                                place(issued.log.last()), "its term", core.term(), "asked for", issued.hard_state.term);
                 });
}

bool Shadows::keeps_its_word(std::size_t node, const raft::HardState& before, const raft::HardState& after) {
  const auto describe = [&] {
    return facts("node", node + 1, "term", before.term, "vote", before.vote.value_or("-"), "then term", after.term,
                 "vote", after.vote.value_or("-"));
  };
  return rules_.require(after.term >= before.term, "a node's term never falls", describe) &&
         rules_.require(after.term > before.term || !before.vote || before.vote == after.vote,
                        "a node votes once in a term", describe);
}

bool Shadows::asks(std::size_t node, const raft::Write& write) {
  Shadow& shadow = shadows_[node];
  const auto describe = [&] { return facts("node", node + 1, "write", write.id, "term", write.hard_state.term); };
  if (!rules_.require(write.id > shadow.last_write, "writes are numbered in order", describe)) return false;
  if (!keeps_its_word(node, shadow.issued.hard_state, write.hard_state)) return false;
  shadow.last_write = write.id;

  Queued queued{.id = write.id,
                .hard_state = write.hard_state,
                .truncate_from = write.truncate_from,
                .begin_after = std::nullopt,
                .terms = {}};
  if (write.begin_after) queued.begin_after = write.begin_after->last;
  LogTerms& log = shadow.issued.log;
  if (write.truncate_from) log.truncate_from(*write.truncate_from);
  if (write.begin_after) begin_after(shadow.issued, write.begin_after->last);
  const bool continues = write.entries.empty() || write.first_index == log.last_index() + 1;
  if (!rules_.require(continues, "a write continues the log", describe)) return false;
  queued.terms.reserve(write.entries.size());
  for (const raft::Entry& entry : write.entries) {
    if (!rules_.require(entry.term >= log.last_term() && entry.term <= write.hard_state.term,
                        "the terms of a log never fall, and never pass the node's own", describe)) {
      return false;
    }
    if (!entries_.add(node, log.last(), entry)) return false;
    log.append(entry.term);
    queued.terms.push_back(entry.term);
  }
  shadow.issued.hard_state = write.hard_state;
  shadow.queue.push_back(std::move(queued));
  return true;
}

void Shadows::wrote(std::size_t node, raft::WriteId last, bool is_synced) {
  Shadow& shadow = shadows_[node];
  const auto describe = [&] { return facts("node", node + 1, "write", last, "asked for", shadow.last_write); };
  if (!rules_.require(is_synced, "a write that is called done is durable", describe)) return;
  if (!rules_.require(last <= shadow.last_write, "only what was asked for is written", describe)) return;
  while (!shadow.queue.empty() && shadow.queue.front().id <= last) {
    apply(shadow.durable, shadow.queue.front());
    shadow.queue.pop_front();
  }
}

}  // namespace timestore::sim
