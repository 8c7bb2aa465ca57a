// The feature level rises (level.h).
#include "engine/raft/level.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/base/json_text.h"
#include "engine/base/mark.h"
#include "engine/raft/object_reader.h"
#include "engine/raft/turn.h"

namespace timestore::raft {

std::string encode_level(Level level) {
  std::string text;
  append_json_integer(text, kLevelTextStart, level);
  return text + "}";
}

Result<Level> decode_level(std::string_view text) {
  constexpr Range kRange{1, std::numeric_limits<Level>::max()};
  return decode_object<Level>(
      text, [&](ObjectReader& reader) { return static_cast<Level>(reader.integer("level", kRange)); });
}

std::string with_level(std::string configuration, Level level) {
  return level == kOriginalLevel ? configuration : std::move(configuration) + "\n" + encode_level(level);
}

ConfigurationAndLevel split_level(std::string_view text) {
  const std::size_t end = text.rfind('\n');
  if (end == std::string_view::npos) return {.configuration = text};
  const auto level = decode_level(text.substr(end + 1));
  return level ? ConfigurationAndLevel{text.substr(0, end), *level} : ConfigurationAndLevel{.configuration = text};
}

Error too_new(Level level, Level own) {
  return {.message = "The cluster is at feature level " + std::to_string(level) +
                     ", and this release knows levels up to " + std::to_string(own) +
                     ": start the newer release that the other members run.",
          .lasts = true};
}

void hear_level(Progress& progress, const AppendResponse& response) {
  if (response.level < progress.level) TIMESTORE_MARK("raft: a member told a lower level than before");
  progress.level = response.level;
  progress.holds_level = response.holds_level;
}

// What a node must know to read this log.
Level least_level(const State& state) {
  return std::max(state.levels.latest(), state.cluster().is_known() ? kEnvelopesLevel : kOriginalLevel);
}

// An original would take what levels bring for commands or for no-ops, and could not stop.
bool may_get_entries(const State& state, const Progress& progress) {
  return least_level(state) == kOriginalLevel || progress.level > kOriginalLevel;
}

// A member that is on its way in or out counts too: it may have entries of this log. And the newest members must be
// committed, for others would have to be asked if they were not. A cluster that has no id yet draws it first, so that
// the level proves that the id is settled.
void raise_level(Turn& turn) {
  State& state = turn.state;
  const Leader* leader = std::get_if<Leader>(&state.role);
  if (leader == nullptr || leader->handover || state.trail.last_index() >= kMaxIndex) return;
  if (state.commit < leader->term_start || state.commit < state.configurations.latest_index()) return;
  if (state.commit < state.levels.latest_index() || waits_for_its_id(state)) return;
  Level known = state.options.level;
  bool is_held = state.options.holds_level;
  for (const auto& [id, peer] : leader->peers) {
    known = std::min(known, peer.level);
    is_held = is_held || peer.holds_level;
  }
  const bool draws = !state.cluster().is_known() && known >= kEnvelopesLevel;
  if (known <= state.levels.latest() && !draws) return;
  if (is_held) return TIMESTORE_MARK("raft: a level that all know was held");
  for (const auto& [id, peer] : leader->peers) {
    if (peer.match < state.commit) TIMESTORE_MARK("raft: the level rose while a member lagged");
  }
  if (draws) return draw_missing_cluster(turn);
  append_entry(turn, {state.term(), EntryKind::kLevel, Payload(encode_level(known))});
}

}  // namespace timestore::raft
