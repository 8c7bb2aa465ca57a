// The one way to the leader, for whatever only the leader can do: who is asked next, when, and what may be said in the
// end. No socket, no clock, no thread: its owner does what next() says, and tells how that ended.
//
//   next() ──> try, here or there ── ended() ──> next() ──> wait ... ──> end: verdict()
//
// What has been tried is never called undone unless each attempt certainly had no effect. A request that came from
// another node is tried here once and not handed on.
#pragma once

#include <optional>

#include "engine/client/limits.h"
#include "engine/client/pause.h"
#include "engine/raft/types.h"

namespace timestore::client {

// Who leads, as far as somebody knows.
struct Leadership {
  bool is_leader = false;  // the one who knows this
  raft::NodeId leader;     // empty: not known
  raft::Term term = 0;
  bool operator==(const Leadership&) const = default;
};

// What it means to ask again when an answer was lost.
enum class Effect : std::uint8_t {
  kNone,    // a read: nothing
  kOnce,    // a write under its id: it is stored once, however often it arrives
  kAnyNew,  // each arrival may have another effect, so it is not asked for again
};

// How one attempt ended.
enum class Outcome : std::uint8_t {
  kDone,       // this is the answer
  kRefused,    // certainly without effect, and so would be any other attempt now
  kNotTaken,   // certainly without effect: who was asked does not lead, or was not reached
  kUnknown,    // it may have had its effect, or may yet have it
  kUndecided,  // likewise, and who was asked has already waited for as long as makes sense
};

using AttemptId = std::uint64_t;  // from 1

class Attempts {
 public:
  struct Options {
    raft::NodeId self;
    Effect effect = Effect::kNone;
    bool is_forwarded = false;  // it came from another node
    Time deadline = 0;
  };
  explicit Attempts(Options options) : options_(std::move(options)), pause_(kFirstPause, kLongestPause) {}

  struct Step {
    enum class Kind : std::uint8_t {
      kTry,   // attempt number `attempt` at node `to`; there it may take until `until`
      kWait,  // until then, or until what is known of the leadership changes
      kEnd,
    };
    Kind kind = Kind::kEnd;
    AttemptId attempt = 0;
    raft::NodeId to;
    Time until = 0;
  };
  // Gives up an attempt at another node whose time is over. While one is on its way there is nothing to do but wait.
  [[nodiscard]] Step next(const Leadership& known, Time now);

  // `hint`: whom the node that was asked believes to lead. False: the attempt was given up before, and what is said of
  // it is too late.
  bool ended(AttemptId attempt, Outcome outcome, Time now, const Leadership& hint = {});

  void stop() { is_stopped_ = true; }  // nothing is tried any more

  enum class Verdict : std::uint8_t { kDone, kRefused, kNotTaken, kUnknown };
  Verdict verdict() const { return verdict_; }  // when next() has said kEnd

  // An attempt that has ended, or is on its way, may have had its effect.
  bool may_have_happened() const { return may_have_happened_; }

 private:
  struct Attempt {
    AttemptId id = 0;
    Time gives_up_at = 0;  // here: never, for this node tells exactly how it ended
  };

  raft::NodeId whom_to_ask(const Leadership& known);
  Step try_at(const raft::NodeId& node, Time now);
  void take(Outcome outcome, Time now);
  Step end(Verdict verdict);

  Options options_;
  std::optional<Attempt> current_;
  AttemptId last_attempt_ = 0;
  bool may_have_happened_ = false;
  bool is_stopped_ = false;
  bool has_ended_ = false;
  Verdict verdict_ = Verdict::kNotTaken;
  Leadership known_;  // when it was last asked
  Leadership hint_;   // of a newer term than any that was believed before; then used once
  raft::Term hinted_term_ = 0;
  Pause pause_;
  Time resumes_at_ = 0;
};

}  // namespace timestore::client
