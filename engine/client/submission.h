// A write on its way to the leader: the attempts, the ids of its entries, and what its client is told.
//
// Before it leaves this node for another each entry has an id, and from the first attempt on that may have stored it,
// the write keeps its ids: so it is stored once, however many attempts arrive. Lines have no ids: one that arrives
// again after a later write would take that back, so what may have stored them is the last attempt.
#pragma once

#include <functional>
#include <memory>
#include <variant>
#include <vector>

#include "engine/client/attempts.h"
#include "engine/client/write.h"

namespace timestore::client {

// What is written.
using Content = std::variant<std::vector<TimeEntry>, LinesCommand>;

class Submission {
 public:
  struct Options {
    raft::NodeId self;
    bool is_forwarded = false;  // another node has sent it
    Time deadline = 0;
    std::function<Guid()> make_id;  // one that nobody else has
  };
  Submission(Options options, Content content);

  // As Attempts::next(); when it says kTry, lines() are what to submit, or, where there are none, entries().
  [[nodiscard]] Attempts::Step next(const Leadership& known, Time now);
  const std::vector<TimeEntry>& entries() const { return end_.entries; }
  const LinesCommand& lines() const { return lines_; }

  // How an attempt ended, here or there; `hint`: whom the node that was asked believes to lead. False: too late.
  bool ended(AttemptId attempt, WriteEnd end, Time now, const Leadership& hint = {});

  // The answer has come in another form; its owner has it. `is_certain`: it is final, stored or refused for its
  // content.
  bool ended_otherwise(AttemptId attempt, bool is_certain, Time now);

  // Another node was asked, and no answer that could be read came back. `is_certain`: it was certainly not reached.
  bool lost(AttemptId attempt, bool is_certain, Time now);

  void stop() { attempts_.stop(); }

  // What the client is told; requires that next() has said kEnd.
  [[nodiscard]] WriteEnd end() const;
  bool has_answer() const { return attempts_.verdict() == Attempts::Verdict::kDone; }

 private:
  void give_ids();

  Options options_;
  LinesCommand lines_;
  Attempts attempts_;
  WriteEnd end_;  // of the last attempt; the entries are kept
};

// How the leader answers a write that another node has handed on (kSubmitPath), and what is read of that: one line of
// words, such as "stored 17". The entries are not repeated.
struct SubmitAnswer {
  WriteEnd end;
  Leadership hint;  // where the node that was asked does not lead
};
[[nodiscard]] std::string encode_submit_answer(const SubmitAnswer& answer);
// What cannot be read is an error, and the outcome is unknown.
[[nodiscard]] Result<SubmitAnswer> decode_submit_answer(std::string_view text);

// POST: the body is the command's bytes, all ids given. Not under /raft/: what waits for the cluster must not take the
// workers that keep it together. Who answers 404 knows clients' requests only.
inline constexpr const char* kSubmitPath = "/cluster/submit";

}  // namespace timestore::client
