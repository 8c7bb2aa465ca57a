// What waits for one peer on one connection, and when it is sent. No socket, no clock, no thread: its owner sends what
// next() gives, and tells how that ended.
//
//   core ── send() ──> [ waiting ] ── next() ──> one request on its way ── answered(), failed(), tick() ──> core
//
// One request at a time is on its way. What waits meanwhile is joined or replaced where the newer request says all that
// the older one said, so a slow peer costs fewer and larger requests. What waits is bounded in number and in bytes.
//
// Nothing is sent twice: the core repeats what it still wants. Whenever appends are thrown away that the core may count
// on, the core must be told that the peer cannot be reached; it then begins again from what was acknowledged. So no
// append leaves behind a gap that this link has made.
#pragma once

#include <array>
#include <deque>
#include <optional>

#include "engine/client/limits.h"
#include "engine/client/pause.h"
#include "engine/raft/message.h"

namespace timestore::client {

// Each peer has a link for each: a slow append delays no vote, and a part of a snapshot delays nothing.
enum class Purpose : std::uint8_t { kAppends, kVotes, kSnapshots };
inline constexpr std::array kPurposes = {Purpose::kAppends, Purpose::kVotes, Purpose::kSnapshots};
[[nodiscard]] Purpose purpose_of(const raft::Message& request);

// One request on its way and its answer. Numbered from 1 on each link.
using ExchangeId = std::uint64_t;

class Link {
 public:
  struct Options {
    std::size_t max_waiting = kMaxWaitingRequests;
    std::uint64_t max_waiting_bytes = kMaxWaitingBytes;
    std::uint64_t max_joined_bytes = kMaxJoinedBytes;
    Time answer_time = kAnswerTime;
    Time first_pause = kFirstLinkPause;
    Time longest_pause = kLongestLinkPause;
  };
  explicit Link(const Options& options) : options_(options), pause_(options.first_pause, options.longest_pause) {}

  // False: there is no room, so the request is dropped and the core must be told.
  [[nodiscard]] bool send(raft::Message request);

  struct Outgoing {
    ExchangeId exchange = 0;
    raft::Message request;
  };
  // What is to be sent now, if anything. Ask again after each of the calls below, and at resumes_at().
  [[nodiscard]] std::optional<Outgoing> next(Time now);

  // Each is true when the exchange has ended by this. False: it was given up before, so what is said of it is too late,
  // and says nothing about the request that is on its way now.
  [[nodiscard]] bool answered(ExchangeId exchange);
  [[nodiscard]] bool failed(ExchangeId exchange, Time now);  // the core must be told
  // True: the request on its way took too long and is given up. The core must be told.
  [[nodiscard]] bool tick(Time now);

  bool has_waiting() const { return !waiting_.empty(); }
  ExchangeId on_its_way() const { return on_its_way_ ? on_its_way_->id : 0; }  // 0: nothing is
  Time resumes_at() const { return resumes_at_; }                              // nothing is sent before
  std::size_t waiting() const { return waiting_.size(); }
  std::uint64_t waiting_bytes() const { return waiting_bytes_; }

 private:
  struct Waiting {
    raft::Message request;
    std::uint64_t bytes = 0;  // of payload
  };
  struct Exchange {
    ExchangeId id = 0;
    Time gives_up_at = 0;
  };

  bool send_append(raft::AppendRequest append);
  void send_other(raft::Message request);
  template <typename IsMeant>
  void forget(IsMeant is_meant);
  void forget_older_terms(raft::Term term);
  void forget_appends();

  Options options_;
  std::deque<Waiting> waiting_;
  std::uint64_t waiting_bytes_ = 0;
  std::optional<Exchange> on_its_way_;
  ExchangeId last_exchange_ = 0;
  Pause pause_;
  Time resumes_at_ = 0;
};

// How a peer of the original's kind answers a request that it does not know, if it does: one that cannot be asked
// beforehand is asked for its vote itself.
[[nodiscard]] std::optional<raft::Message> answer_of_the_original(const raft::Message& request);

}  // namespace timestore::client
