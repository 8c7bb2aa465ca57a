#include "sim/checkers/entries.h"

namespace timestore::sim {

namespace {

bool same(const raft::Entry& left, const raft::Entry& right) {
  if (left.term != right.term || left.kind != right.kind) return false;
  const std::string_view one = left.payload.view();
  const std::string_view other = right.payload.view();
  return one.size() == other.size() && (one.data() == other.data() || one == other);
}

}  // namespace

const Entries::Known* Entries::known(raft::Position position) const {
  if (position.index == 0 || position.index > by_index_.size()) return nullptr;
  for (const Known& known : by_index_[position.index - 1]) {
    if (known.entry.term == position.term) return &known;
  }
  return nullptr;
}

bool Entries::add(std::size_t node, raft::Position before, const raft::Entry& entry) {
  const raft::Index index = before.index + 1;
  if (const Known* found = known({.term = entry.term, .index = index})) {
    const auto describe = [&] { return facts("node", node + 1, "index", index, "term", entry.term); };
    return rules_.require(same(found->entry, entry), "an index and a term name one entry for ever", describe) &&
           rules_.require(found->term_before == before.term, "two logs that share an entry share everything before it",
                          describe);
  }
  if (by_index_.size() < index) by_index_.resize(index);
  by_index_[index - 1].push_back({before.term, entry});
  return true;
}

bool Entries::holds(raft::Index index, const raft::Entry& entry) const {
  const Known* found = known({.term = entry.term, .index = index});
  return found != nullptr && same(found->entry, entry);
}

void Entries::lead_to(raft::Position last, LogTerms& log) const {
  std::vector<raft::Term> missing;
  raft::Position at = last;
  for (; !log.holds(at); --at.index) {
    missing.push_back(at.term);
    const Known* found = known(at);
    at.term = found == nullptr ? 0 : found->term_before;
  }
  log.truncate_from(at.index + 1);
  for (auto term = missing.rbegin(); term != missing.rend(); ++term) log.append(*term);
}

const raft::Entry* Entries::find(raft::Position position) const {
  const Known* found = known(position);
  return found == nullptr ? nullptr : &found->entry;
}

}  // namespace timestore::sim
