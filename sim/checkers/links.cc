#include "sim/checkers/links.h"

#include <algorithm>

namespace timestore::sim {

namespace {

constexpr std::size_t kMaxSaid = 8192;  // more than a core says while one request is on its way

// All that it says beside its entries and where they begin.
raft::AppendRequest without_place(raft::AppendRequest append) {
  append.entries.clear();
  append.prev_index = append.prev_term = 0;
  return append;
}

raft::Index end_of(const raft::AppendRequest& append) { return append.prev_index + append.entries.size(); }

}  // namespace

Links::Links(Findings& findings, std::size_t nodes) : rules_(findings, "links"), nodes_(nodes), pairs_(nodes * nodes) {}

void Links::started(std::size_t node) {
  for (std::size_t other = 0; other < nodes_; ++other) pair(node, other) = {};
}

void Links::sends(std::size_t from, std::size_t to, const raft::Message& request) {
  const auto* append = std::get_if<raft::AppendRequest>(&request);
  if (append == nullptr) return;
  auto& said = pair(from, to).said;
  said.push_back({without_place(*append), append->prev_index, end_of(*append)});
  if (said.size() > kMaxSaid) said.pop_front();
}

void Links::leaves(std::size_t from, std::size_t to, const raft::Message& request, client::ExchangeId exchange) {
  Pair& links = pair(from, to);
  client::ExchangeId& on_its_way = links.on_their_way[static_cast<std::size_t>(client::purpose_of(request))];
  rules_.require(on_its_way == 0, "one request of a link is on its way at a time",
                 [&] { return facts("node", from + 1, "to", to + 1, "on its way", on_its_way, "and now", exchange); });
  on_its_way = exchange;
  const auto* append = std::get_if<raft::AppendRequest>(&request);
  if (append == nullptr) return;
  const raft::AppendRequest word = without_place(*append);
  const auto describe = [&] {
    return facts("node", from + 1, "to", to + 1, "term", append->term, "begins after", append->prev_index, "ends at",
                 end_of(*append), "round", append->round);
  };
  // A heartbeat that was said later may say the same of the same place, and wait behind other entries.
  auto newest = links.said.end();
  for (auto said = links.said.begin(); said != links.said.end(); ++said) {
    const bool is_rather_another = newest != links.said.end() && newest->has_entries() && !said->has_entries();
    if (said->end == end_of(*append) && said->append == word && !is_rather_another) newest = said;
  }
  if (!rules_.require(newest != links.said.end(), "an append that leaves says what the core said there last",
                      describe)) {
    return;
  }
  if (!append->entries.empty()) {
    rules_.require(leaves_nothing_out(links.said, append->prev_index),
                   "no entries are left out unless the core is told", describe);
  }
  links.said.erase(links.said.begin(), newest + 1);
}

// Whether the entries after `begin` follow what has left already, or the core began again there.
bool Links::leaves_nothing_out(const std::deque<Said>& said, raft::Index begin) const {
  const Said* before = nullptr;
  bool is_right = true;
  for (const Said& one : said) {
    if (!one.has_entries()) continue;
    const bool continues = before != nullptr && before->end == one.begin && before->append.term == one.append.term;
    if (one.begin == begin) is_right = !continues;
    before = &one;
  }
  return is_right;
}

void Links::given_up(std::size_t from, std::size_t to, client::Purpose purpose) {
  Pair& links = pair(from, to);
  links.on_their_way[static_cast<std::size_t>(purpose)] = 0;
  if (purpose == client::Purpose::kAppends) links.said.clear();
}

void Links::answered(std::size_t from, std::size_t to, client::Purpose purpose, client::ExchangeId exchange) {
  client::ExchangeId& on_its_way = pair(from, to).on_their_way[static_cast<std::size_t>(purpose)];
  rules_.require(on_its_way == exchange, "an answer is taken for its own request",
                 [&] { return facts("node", from + 1, "to", to + 1, "on its way", on_its_way, "answered", exchange); });
  on_its_way = 0;
}

}  // namespace timestore::sim
