// A cluster in virtual time: clocks that tick, disks and links that take their time, processes that are started again.
//
// One queue of events with a total order drives everything; each delay and each fault is a choice. The world keeps
// machines running as a supervisor would (a process that died is started again) and does what the nemesis tells it.
// After every event the oracle knows all that happened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"
#include "engine/client/attempts.h"
#include "sim/words/choices.h"
#include "sim/words/event_queue.h"
#include "sim/world/cluster.h"
#include "sim/world/network.h"
#include "sim/world/timeline.h"

namespace timestore::sim {

struct DiskSpeed {
  Time work = 50;   // until a job's changes are made, at most
  Time sync = 500;  // until its end is known, at most
};

struct WorldOptions {
  ClusterOptions cluster;
  Time tick = 10 * kMillisecond;
  Time gather = 0;  // inputs of this long form one turn
  NetworkOptions network;
  Time notices_loss = 0;  // a node learns so much later that a request did not arrive; 0: only where nobody listens
  DiskSpeed disk;
  raft::Level newest_level = raft::kHighestLevel;  // of the releases that there are
  bool tears_recoveries = false;  // a node may lose power while it recovers from a disk that has failed
};

inline constexpr Time kLookPeriod = 50 * kMillisecond;  // whether who stands still has been healed
// Who takes clients' requests at the nodes hears what becomes of them.
class Doorman {
 public:
  virtual ~Doorman() = default;
  virtual void leadership_changed(std::size_t number) = 0;  // as far as this node knows
  virtual void stopped(std::size_t number) = 0;
};

class World final : public Pacer {
 public:
  World(const WorldOptions& options, Choices& choices, std::function<void(std::string_view)> trace);

  Cluster& cluster() { return cluster_; }
  Network& network() { return network_; }
  Time now() const override { return queue_.now(); }
  std::size_t size() const { return machines_.size(); }
  const WorldOptions& options() const { return options_; }

  void start_all();
  bool run_next();  // one event; false: a sentence is broken, see the oracle
  void after(Time delay, Action action) { queue_.after(delay, std::move(action)); }

  // The node will act on its inputs, together with what else arrives until then.
  void wake(std::size_t number);

  // ---- what happens to machines
  void kill(std::size_t number, Time down);  // started again after `down`
  void lose_power(std::size_t number, CrashPolicy policy, Time down);
  void lose_power_at(std::size_t number, std::uint64_t change, CrashPolicy policy, Time down);
  void lose_disk(std::size_t number);  // for good
  // It is started again with an empty disk, and waits to be let in, or has the settings of a founder.
  void wipe(std::size_t number, Time down, bool founds = false);
  bool rot(std::size_t number, std::string_view path);  // one bit that may fairly rot flips; false: there is none
  void install(std::size_t number, Release release);    // that it runs from its next start on
  Release running(std::size_t number) const { return machines_[number].release; }
  // For so long who looks for the node finds one of another cluster instead, which looks for its own nodes here.
  void impersonate(std::size_t number, const raft::ClusterId& cluster, Time length);
  void pause(std::size_t number, Time length);
  void set_clock(std::size_t number, std::uint32_t rate_percent);
  void jump_clock(std::size_t number, std::uint32_t ticks);
  void set_disk_delay(std::size_t number, std::uint32_t factor) { machines_[number].disk_factor = factor; }
  std::uint32_t disk_factor_for(Time most) const;  // with which nothing takes much longer than that
  void stall_disk(std::size_t number, Time length);
  // Its clock, disk and links are in order from now on; it will be up. One that has rotted starts again, so that it
  // looks at what its disk holds, and is gone for good once it has called that damage by its name.
  void heal_machine(std::size_t number);
  // Messages take a tenth of the shortest election time-out at most, and syncs a quarter, except where a link is
  // clogged or a disk slow; healing takes that back. Nobody goes on waiting for what was lost.
  void calm();
  void heal_network();
  void could_not_read(std::size_t number, const std::string& why);  // a client's read of its series file failed
  bool is_gone(std::size_t number) const { return machines_[number].is_gone; }
  bool is_rotten(std::size_t number) const { return machines_[number].is_rotten; }
  // It is no voter, or may soon be none: an operator wants it so.
  bool is_out(std::size_t number) const { return machines_[number].is_out; }
  void set_out(std::size_t number, bool is_out) { machines_[number].is_out = is_out; }
  // Gone or rotten, or a voter that does not vote because no leader has admitted it.
  bool is_bad(std::size_t number) const;
  // Nodes that are bad or out: fair as long as they are a minority. Then the bad ones are a minority of any
  // configuration that leaves out only nodes that are out.
  std::size_t unreliable() const;
  bool may_be_wiped(std::size_t number) const;

  void set_doorman(Doorman& doorman) { doorman_ = &doorman; }

  void trace(std::size_t number, std::string_view what, std::string_view text);  // costs nothing where nobody listens
  bool is_traced() const { return trace_ != nullptr; }

  // For the hash, the timeline and the trace. `what` is a literal.
  void note(std::size_t number, const char* what, const std::string& text = "");

  std::uint64_t hash();
  std::vector<std::string> timeline() const { return timeline_.lines(); }
  std::uint64_t events() const { return queue_.events(); }
  std::uint64_t restarts() const { return restarts_; }
  std::uint64_t messages() const { return messages_; }

 private:
  struct Machine {
    Stream choices;
    Time tick_length = 0;
    Time paused_until = 0;
    Time stalled_until = 0;
    std::uint32_t disk_factor = 1;
    Time down = 0;  // how long it stays down when it stops next
    bool is_gone = false;
    bool is_out = false;
    bool is_rotten = false;  // its disk may hold damage that only a refusal can answer
    bool is_healed = false;  // nothing is done to it any more
    bool is_waking = false;
    bool has_run = false;
    bool was_wiped = false;
    Time foreign_until = 0;           // another cluster's node is found under its name
    raft::ClusterId foreign = {};     // that one's cluster
    Release release = {};             // that it runs, or ran or tried to run last
    std::string refusal = {};         // why it did not start, the last time
    std::uint64_t faults_before = 0;  // of its disk, when the present life began
    client::Leadership known = {};    // to this node, when it last settled
  };

  void posted(MessageId id) override;
  void decided(std::size_t number, const raft::Event& event) override;
  void queued(std::size_t number, Lane lane) override;
  void stopped(std::size_t number, StopReason reason, const std::string& why) override;

  void start(std::size_t number);
  void blame(std::size_t number, const char* rule, const std::string& why);
  void meet_newer_level(std::size_t number, const std::string& why);
  void retire(std::size_t number);
  void plan_start(std::size_t number, Time delay);
  void await_end_of_pause(std::size_t number, std::uint64_t life);
  void plan_tick(std::size_t number, std::uint64_t life);
  void plan_done(std::size_t number, Lane lane, Time delay);
  void plan_work(std::size_t number, Lane lane, Time delay);
  void plan_foreigner(std::size_t number);
  void plan_arrival(MessageId id, Time delay, bool keep);
  void arrive(MessageId id, bool keep);
  void settle(std::size_t number);
  void tell_undelivered(const Wire& wire, Time later);
  void arrive_in_part(MessageId id, Time delay);
  void note_leadership(std::size_t number);
  Time disk_delay(Machine& machine, Time most);

  WorldOptions options_;
  DiskSpeed disk_speed_;  // now
  EventQueue queue_;
  Network network_;
  std::vector<Machine> machines_;
  Timeline timeline_;
  Hasher hasher_;
  std::function<void(std::string_view)> trace_;
  std::vector<Stream> parts_;  // of each link: which requests arrive in part
  std::vector<std::uint64_t> requests_;
  Doorman* doorman_ = nullptr;
  std::uint64_t restarts_ = 0;
  std::uint64_t messages_ = 0;
  Cluster cluster_;  // last: while it is built and torn down it calls this world
};

}  // namespace timestore::sim
