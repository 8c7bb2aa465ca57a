// Every number by which a caller waits, repeats or gives up.
#pragma once

#include <cstddef>
#include <cstdint>

namespace timestore::client {

using Time = std::uint64_t;  // microseconds since some beginning; whoever asks says what time it is

inline constexpr Time kMillisecond = 1'000;
inline constexpr Time kSecond = 1'000'000;

// ---- the way to the leader (attempts.h)

// A node that does not lead, or cannot be reached, is not asked again at once: the pause is long enough for this node
// to notice what is wrong, and short against an election time-out. It doubles. A change of leadership ends it.
inline constexpr Time kFirstPause = 20 * kMillisecond;
inline constexpr Time kLongestPause = 160 * kMillisecond;

// How long another node may take to answer one attempt. Then somebody else may lead, and is asked.
inline constexpr Time kAttemptTime = 2'000 * kMillisecond;
inline constexpr Time kConnectTime = 500 * kMillisecond;    // then it counts as not reached
inline constexpr Time kErrandTime = 10'000 * kMillisecond;  // of an operator's wish, with the search for the leader
// How long a node may take to apply what the leader has applied already.
inline constexpr Time kCatchUpTime = 2'000 * kMillisecond;

// A node that asks to be let in asks ever more rarely.
inline constexpr Time kFirstAdmissionPause = 100 * kMillisecond;
inline constexpr Time kLongestAdmissionPause = 5'000 * kMillisecond;

// ---- links (link.h)
inline constexpr std::size_t kMaxWaitingRequests = 16;
// Of payload; but one request of any size may wait.
inline constexpr std::uint64_t kMaxWaitingBytes = std::uint64_t{16} << 20;
inline constexpr std::uint64_t kMaxJoinedBytes = std::uint64_t{4} << 20;  // of payload, in one request
inline constexpr Time kAnswerTime = 1'000 * kMillisecond;                 // and at least an election time-out
// A request may take longer by what its bytes need at this rate; so may a part of a snapshot, whose request is small.
inline constexpr std::uint64_t kSlowestBytesPerSecond = std::uint64_t{16} << 10;
inline constexpr std::uint64_t kSnapshotPartBytes = std::uint64_t{256} << 10;
inline constexpr Time kFirstLinkPause = 10 * kMillisecond;  // after a failure; a node that comes back is soon found
inline constexpr Time kLongestLinkPause = 80 * kMillisecond;

}  // namespace timestore::client
