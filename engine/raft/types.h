// The words of the consensus core: terms, indices, entries and their payloads.
//
// Terms and indices are what the Raft paper calls them (Ongaro & Ousterhout 2014, figure 2). An entry's payload is an
// opaque, immutable, shared handle: the core moves it from inputs to effects and never looks inside.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace timestore::raft {

using Term = std::uint64_t;
using Index = std::uint64_t;        // the log's first entry has index 1; 0 means "before the first"
using NodeId = std::string;         // 1 to kMaxNodeIdBytes bytes
using WriteId = std::uint64_t;      // given by the core to its writes, strictly increasing; 0 means "no write"
using ProposalId = std::uint64_t;   // given by the caller, unique while pending
using ReadId = std::uint64_t;       // given by the caller, unique while pending
using Correlation = std::uint64_t;  // given by the transport to a request; the answer carries it back
using Round = std::uint64_t;        // a leader's numbering of its leadership confirmations within one term

// Largest values that we accept from anybody. Terms stay exact in every JSON reader (2^53); indices leave room for a
// time entry's ordinal in a row number of 63 bits. A message whose term is further ahead than kMaxTermJump is refused:
// no honest node gets there in a lifetime, and believing it would use up the terms of the whole cluster.
inline constexpr Term kMaxTerm = Term{1} << 53;
inline constexpr Index kMaxIndex = (Index{1} << 46) - 1;
inline constexpr Round kMaxRound = Round{1} << 53;
inline constexpr std::size_t kMaxEntriesPerMessage = 65'536;
inline constexpr Term kMaxTermJump = Term{1} << 32;
inline constexpr std::size_t kMaxNodeIdBytes = 64;

enum class EntryKind : std::uint8_t {
  kNoop = 0,     // opens a leader's term; its payload is empty, or the cluster's id (cluster_id.h)
  kCommand = 1,  // belongs to the state machine
  kMembers = 2,  // a configuration (configuration.h), as text; has effect from the moment that it is in the log
  kLevel = 3,    // a feature level (level.h), as text; has effect when it is committed
};

// An immutable byte string shared between the log cache, messages and the disk. A default-constructed payload is
// *absent* (to be fetched before the entry can be sent), which is not the same as empty.
class Payload {
 public:
  Payload() = default;
  explicit Payload(std::string bytes) : bytes_(std::make_shared<const std::string>(std::move(bytes))) {}

  bool is_absent() const { return bytes_ == nullptr; }
  std::string_view view() const { return bytes_ ? std::string_view(*bytes_) : std::string_view(); }
  std::size_t size_bytes() const { return bytes_ ? bytes_->size() : 0; }

  bool operator==(const Payload& other) const { return is_absent() == other.is_absent() && view() == other.view(); }

 private:
  std::shared_ptr<const std::string> bytes_;
};

struct Entry {
  Term term = 0;
  EntryKind kind = EntryKind::kNoop;
  Payload payload;
  bool operator==(const Entry&) const = default;
};

// An entry's place in the log. (term, index) names one entry for ever (log matching, paper section 5.3).
struct Position {
  Term term = 0;
  Index index = 0;
  bool operator==(const Position&) const = default;
};

}  // namespace timestore::raft
