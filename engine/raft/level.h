// The feature level of a cluster: what all its members understand, so that releases can be mixed while they are
// replaced.
//
// It is an entry of the log, and only rises. A leader appends one when every member, learners included, has told it in
// this term that it knows the level, and no member runs with --hold-level. What a level brings is used when its entry
// is committed. Until a node has the entry it can be put back to an older release. A node that meets a level above what
// it knows stops, with a sentence, before it takes or acknowledges anything of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/raft/history.h"
#include "engine/raft/types.h"

namespace timestore::raft {

using Level = std::uint32_t;

// Which release brought a level, and what may be used at it.
inline constexpr Level kOriginalLevel = 0;   // the original, which tells none: its text as commands
inline constexpr Level kEnvelopesLevel = 1;  // 0.1: levels; commands in envelopes of version 1; batches
inline constexpr Level kRetentionLevel = 2;  // 0.1: commands of version 2: how long points are kept
inline constexpr Level kLinesLevel = 3;      // 0.1: commands of version 3: line protocol
inline constexpr Level kDeletesLevel = 4;    // 0.1: commands of version 4: deletes

inline constexpr Level kHighestLevel = kDeletesLevel;  // that this release knows

using LevelTrail = History<Level>;

// The text of an entry of the kind kLevel: {"level":1}. It begins with kLevelTextStart, by which a peer tells it from a
// command of the state machine. Decoding is total.
inline constexpr std::string_view kLevelTextStart = R"({"level":)";
[[nodiscard]] std::string encode_level(Level level);
[[nodiscard]] Result<Level> decode_level(std::string_view text);

// How a file keeps a level beside a configuration: its text follows on a line of its own. At the original's level there
// is none, so that the file stays one that older releases read.
[[nodiscard]] std::string with_level(std::string configuration, Level level);
struct ConfigurationAndLevel {
  std::string_view configuration;
  Level level = kOriginalLevel;
};
[[nodiscard]] ConfigurationAndLevel split_level(std::string_view text);

// Why a node stops, or does not start, where `level` is above the `own` that it knows.
[[nodiscard]] Error too_new(Level level, Level own);

}  // namespace timestore::raft
