// Entries that are no commands.
#pragma once

#include <cstddef>
#include <string>

#include "engine/raft/configuration.h"
#include "engine/raft/level.h"
#include "engine/raft/types.h"

namespace timestore::store {

inline raft::Entry noop(raft::Term term) {
  return {.term = term, .kind = raft::EntryKind::kNoop, .payload = raft::Payload(std::string())};
}

inline raft::Configuration members_with(const raft::NodeId& other, std::size_t url_bytes = 15) {
  return {.voters = {{"n1", "http://one:5001"}, {other, std::string(url_bytes, 'u')}}};
}

inline raft::Entry members_entry(raft::Term term, const raft::NodeId& other, std::size_t url_bytes = 15) {
  return {.term = term,
          .kind = raft::EntryKind::kMembers,
          .payload = raft::Payload(encode(members_with(other, url_bytes)))};
}

inline raft::Entry level_entry(raft::Term term, raft::Level level) {
  return {.term = term, .kind = raft::EntryKind::kLevel, .payload = raft::Payload(raft::encode_level(level))};
}

inline raft::Entry members_entry(const raft::NodeId& other, std::size_t url_bytes = 15) {
  return members_entry(1, other, url_bytes);
}

}  // namespace timestore::store
