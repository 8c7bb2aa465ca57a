// Carries out what engine/client decides (client::Attempts, or what wraps them) without a thread that waits: each step
// ends in a call of go_on(), whoever makes it.
//
//   go_on() ──> try_one(step) ... tells the attempts ... go_on() ──> wait ... go_on() ──> end()
//
// One step at a time, so what a pursuit knows needs no lock; each step's end is its next step's beginning, and what
// carries it there (the engine's inbox, a courier) orders the two. Only withdraw() may be called at any time.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "engine/client/attempts.h"
#include "net/base/clock.h"
#include "net/node/node.h"

namespace timestore::net {

template <typename Attempts>
class Pursuit : public std::enable_shared_from_this<Pursuit<Attempts>> {
 public:
  using Step = client::Attempts::Step;

  Pursuit(Node& node, const std::atomic<bool>& refusing, Attempts attempts)
      : node_(node), refusing_(refusing), attempts_(std::move(attempts)) {}
  virtual ~Pursuit() = default;
  Pursuit(const Pursuit&) = delete;
  Pursuit& operator=(const Pursuit&) = delete;

  // Requires that nothing is under way.
  void go_on() {
    const std::uint64_t stage = next_stage();
    if (refusing_) attempts_.stop();
    const Leadership known = node_.leadership();
    const Step step = attempts_.next(known, time_now());
    switch (step.kind) {
      case Step::Kind::kTry:
        return keep(stage, try_one(step));
      case Step::Kind::kWait: {
        auto again = [self = this->shared_from_this()] { self->go_on(); };
        return keep(stage, node_.begin_await_change(known, to_moment(step.until), std::move(again)));
      }
      case Step::Kind::kEnd:
        return end();
    }
  }

  // Nobody waits for it any more: it ends soon, as at its deadline. Any thread.
  void withdraw() {
    Node::Withdraw current;
    {
      const std::lock_guard lock(mutex_);
      is_withdrawn_ = true;
      current = current_;
    }
    if (current) current();
  }

 protected:
  // Begins one attempt; when it has ended, and attempts_ was told, go_on() is called once. Gives what withdraws it, if
  // anything does.
  virtual Node::Withdraw try_one(const Step& step) = 0;
  virtual void end() = 0;  // once

  Node& node_;
  const std::atomic<bool>& refusing_;
  Attempts attempts_;

 private:
  std::uint64_t next_stage() {
    const std::lock_guard lock(mutex_);
    if (is_withdrawn_) attempts_.stop();
    current_ = nullptr;
    return ++stage_;
  }

  // The step may have ended meanwhile, and others may have followed.
  void keep(std::uint64_t stage, Node::Withdraw withdraws) {
    {
      const std::lock_guard lock(mutex_);
      if (stage != stage_) return;
      current_ = withdraws;
      if (!is_withdrawn_) return;
    }
    if (withdraws) withdraws();
  }

  std::mutex mutex_;  // guards what follows
  bool is_withdrawn_ = false;
  std::uint64_t stage_ = 0;
  Node::Withdraw current_;
};

}  // namespace timestore::net
