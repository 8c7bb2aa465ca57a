#include "net/node/node.h"

#include <utility>

#include "engine/store/series/series_machine.h"
#include "net/base/log.h"

namespace timestore::net {

namespace {

// After a pause (a suspended machine, a stopped process) time does not rush by: a node that has just woken up must
// first hear from its peers before it may think that they are silent.
constexpr std::uint32_t kMaxTicksAtOnce = 3;

constexpr std::chrono::milliseconds kAskAgainAfter{20};

client::Time answer_time(const Node::Options& options) {
  const std::chrono::microseconds election = options.tick * options.replica.raft.election_ticks_max;
  return std::max(static_cast<client::Time>(election.count()), client::kAnswerTime);
}

}  // namespace

Node::Node(Options options)
    : options_(std::move(options)),
      transport_(answer_time(options_),
                 {.received =
                      [this](raft::NodeId from, raft::Message message) {
                        post([this, from = std::move(from), message = std::move(message)]() mutable {
                          replica_->receive(std::move(from), std::move(message), 0);
                        });
                      },
                  .unreachable =
                      [this](raft::NodeId peer) {
                        post([this, peer = std::move(peer)]() mutable { replica_->peer_unreachable(std::move(peer)); });
                      }}),
      lanes_([this](std::function<void()> done) { post(std::move(done)); }) {}

Result<std::unique_ptr<Node>> Node::start(Options options, std::unique_ptr<store::LogFile> log) {
  std::unique_ptr<Node> node(new Node(std::move(options)));
  const replica::Ports ports{.transport = node->transport_, .lanes = node->lanes_, .witness = &node->news_};
  auto machine = store::SeriesMachine::open(
      node->options_.series_path, "", {.known = node->options_.replica.raft.level, .board = node->options_.board});
  if (!machine) return tl::unexpected(machine.error());
  auto replica = replica::Replica::open(node->options_.replica, ports, std::move(log), std::move(*machine));
  if (!replica) return tl::unexpected(replica.error());
  node->replica_ = std::move(*replica);
  for (const raft::Member& member : node->replica_->configuration().members()) {
    node->first_urls_.emplace(member.id, member.url);
  }
  node->follow_members();
  node->follow_cluster();
  node->thread_ = std::thread([raw = node.get()] { raw->run(); });
  return node;
}

Node::~Node() { stop(); }

void Node::post(std::function<void()> input) {
  bool was_empty = false;
  {
    const std::lock_guard lock(inbox_mutex_);
    was_empty = inbox_.empty();
    inbox_.push_back(std::move(input));
  }
  if (was_empty) inbox_filled_.notify_one();
}

void Node::run() {
  Deadline next_tick = Clock::now() + options_.tick;
  for (;;) {
    std::vector<std::function<void()>> inputs;
    {
      std::unique_lock lock(inbox_mutex_);
      inbox_filled_.wait_until(lock, next_tick, [&] { return stopping_ || !inbox_.empty(); });
      if (stopping_ && inbox_.empty()) return;
      inputs.swap(inbox_);
    }
    std::uint32_t ticks = 0;
    for (const Deadline now = Clock::now(); next_tick <= now; next_tick += options_.tick) {
      if (++ticks == kMaxTicksAtOnce) {
        next_tick = now + options_.tick;
        break;
      }
    }
    take_turn(std::move(inputs), ticks);
    if (ticks > 0) alarms_.ring(Clock::now());
  }
}

void Node::take_turn(std::vector<std::function<void()>> inputs, std::uint32_t ticks) {
  for (auto& input : inputs) input();
  for (std::uint32_t i = 0; i < ticks && !retired_; ++i) replica_->tick();
  keep_edge(ticks);
  replica_->settle();
  if (ticks > 0) transport_.tick();
  follow_members();
  follow_cluster();
  publish();
  if (!replica_->failure()) news_.tell(*replica_);
  if (replica_->failure() && !failure_reported_) {
    failure_reported_ = true;
    log_critical("This node stops: " + replica_->failure()->message);
    if (options_.on_failure) options_.on_failure(*replica_->failure());
  }
}

void Node::keep_edge(std::uint32_t ticks) {
  const std::uint64_t period =
      std::max<std::uint64_t>(client::kEdgePeriodMs / static_cast<std::uint64_t>(options_.tick.count()), 1);
  const std::uint64_t before = std::exchange(ticks_, ticks_ + ticks);
  if (before / period == ticks_ / period || retired_ || replica_->failure()) return;
  edge_keeper_.look(*replica_, options_.board->look().retention, nanoseconds_since_1970());
}

// After the turn's messages have left: whoever goes has been told so.
void Node::follow_members() {
  const raft::Configuration& now = replica_->configuration();
  if (followed_ == now) return;
  followed_ = now;
  std::map<raft::NodeId, HostPort> addresses;
  for (const raft::Member& member : now.members()) {
    if (member.id == options_.replica.node) continue;
    const auto said = options_.addresses.find(member.id);
    const auto first = first_urls_.find(member.id);
    if (said != options_.addresses.end() && first != first_urls_.end() && first->second == member.url) {
      addresses.insert(*said);
    } else if (const auto address = parse_http_url(member.url)) {
      addresses.emplace(member.id, *address);
    } else {
      log_warning("Member " + member.id + " cannot be reached: " + address.error().message);
    }
  }
  for (const auto& met : met_) {
    if (met.first != options_.replica.node) addresses.insert(met);
  }
  transport_.set_peers(addresses);
  if (options_.on_members) options_.on_members(addresses);
  note_membership(now.is_member(options_.replica.node));
}

void Node::follow_cluster() {
  const raft::State& core = replica_->core();
  if (!raft::is_settled(core) || followed_cluster_ == core.cluster()) return;
  followed_cluster_ = core.cluster();
  if (options_.on_cluster) options_.on_cluster(followed_cluster_);
}

void Node::note_membership(bool is_member) {
  const std::optional<bool> before = std::exchange(is_member_, is_member);
  if (before == is_member) return;
  if (is_member) {
    if (before) log_info("This node is a member of the cluster from now on.");
  } else if (!followed_->members().empty()) {
    log_warning(
        "This node is not a member of the cluster any more. It answers reads with level=none and may be stopped.");
  }
}

void Node::expect(raft::ClusterId cluster) {
  post([this, cluster] { replica_->expect(cluster); });
}

void Node::meet(std::map<raft::NodeId, HostPort> others) {
  post([this, others = std::move(others)]() mutable {
    met_ = std::move(others);
    followed_.reset();
    follow_members();
  });
}

void Node::find_at(raft::NodeId member, HostPort address) {
  post([this, member = std::move(member), address = std::move(address)] {
    for (const raft::Member& known : replica_->configuration().members()) {
      if (known.id == member) first_urls_[member] = known.url;
    }
    options_.addresses[member] = address;
    followed_.reset();
    follow_members();
  });
}

void Node::publish() {
  is_contradicted_ = replica_->core().contradiction.has_value();
  const bool usable = !replica_->failure();
  Leadership now{.is_leader = usable && replica_->is_leader(),
                 .leader = usable ? replica_->leader() : raft::NodeId(),
                 .term = replica_->core().term()};
  bool has_led = false;
  {
    const std::lock_guard lock(leadership_mutex_);
    if (now == leadership_) return;
    has_led = leadership_.is_leader;
    leadership_ = now;
  }
  // Nobody will tell a leader that was removed what has become of its last proposals.
  if (has_led && !now.is_leader && is_member_ == false) replica_->give_up_all();
  leadership_changed_.notify_all();
  tell_change();
  if (now.is_leader) {
    log_info("This node leads term " + std::to_string(now.term) + ".");
  } else if (!now.leader.empty()) {
    log_info("Node " + now.leader + " leads term " + std::to_string(now.term) + ".");
  } else {
    log_info("Term " + std::to_string(now.term) + " has no known leader yet.");
  }
}

void Node::receive(raft::NodeId from, raft::Message message) {
  post([this, from = std::move(from), message = std::move(message)]() mutable {
    replica_->receive(std::move(from), std::move(message), 0);
  });
}

raft::NodeId Node::transfer(raft::NodeId to, Deadline deadline) {
  deadline = std::min(deadline, Clock::now() + 2 * options_.tick * options_.replica.raft.election_ticks_max);
  Leadership seen = leadership();
  if (!seen.is_leader) return seen.leader;
  post([this, to = std::move(to)]() mutable { replica_->transfer(std::move(to)); });
  while ((seen.is_leader || seen.leader.empty()) && Clock::now() < deadline) seen = await_change(seen, deadline);
  return seen.is_leader ? raft::NodeId() : seen.leader;
}

Leadership Node::leadership() const {
  const std::lock_guard lock(leadership_mutex_);
  return leadership_;
}

Leadership Node::await_change(const Leadership& known, Deadline deadline) const {
  std::unique_lock lock(leadership_mutex_);
  leadership_changed_.wait_until(lock, deadline, [&] { return leadership_ != known; });
  return leadership_;
}

std::optional<replica::Status> Node::status(Deadline deadline) {
  auto promise = std::make_shared<std::promise<replica::Status>>();
  auto future = promise->get_future();
  post([this, promise] { promise->set_value(replica_->status()); });
  if (future.wait_until(deadline) != std::future_status::ready) return std::nullopt;
  return future.get();
}

std::optional<replica::Status> Node::await_status(const std::function<bool(const replica::Status&)>& is_so,
                                                  Deadline deadline) {
  std::optional<replica::Status> last;
  for (;;) {
    auto now = status(deadline);
    if (!now) return last;  // what was seen is worth more than that the newest came too late
    last = std::move(now);
    if (is_so(*last) || Clock::now() + kAskAgainAfter >= deadline) return last;
    std::this_thread::sleep_for(kAskAgainAfter);
  }
}

std::optional<replica::ChangeEnd> Node::change_members(Plan plan, Deadline deadline) {
  auto promise = std::make_shared<std::promise<std::optional<replica::ChangeEnd>>>();
  auto future = promise->get_future();
  post([this, promise, plan = std::move(plan)] {
    auto change = plan(replica_->status());
    if (!change) return promise->set_value(std::nullopt);
    replica_->change_members(std::move(*change), [promise](const replica::ChangeEnd& end) { promise->set_value(end); });
  });
  if (future.wait_until(deadline) == std::future_status::ready) return future.get();
  return replica::ChangeEnd{.kind = replica::ChangeEnd::Kind::kUnknown};
}

void Node::retire(Deadline deadline) {
  for (bool awaited = true; awaited && Clock::now() < deadline;) {
    auto promise = std::make_shared<std::promise<bool>>();
    auto future = promise->get_future();
    post([this, promise] { promise->set_value(replica_->is_awaited()); });
    awaited = future.get();
    if (awaited) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  static_cast<void>(transfer("", deadline));  // if nobody takes over, the others find out by themselves
  post([this] {
    retired_ = true;
    replica_->step_down();
    replica_->give_up_all();
    tell_change();  // who waits for a leader hears that this node goes
  });
}

void Node::stop() {
  transport_.stop();
  lanes_.stop();
  {
    const std::lock_guard lock(inbox_mutex_);
    stopping_ = true;
  }
  inbox_filled_.notify_one();
  if (thread_.joinable()) thread_.join();
  replica_.reset();
}

}  // namespace timestore::net
