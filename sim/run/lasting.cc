#include "sim/run/lasting.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "engine/base/mark.h"
#include "sim/faults/ailments.h"

namespace timestore::sim {

namespace {

// Every set of voters that may yet decide something, as far as this node knows.
std::vector<std::vector<raft::Member>> electorates(const raft::State& core) {
  std::vector<std::vector<raft::Member>> sets;
  const auto& known = core.configurations.known();
  for (auto at = std::prev(known.upper_bound(core.commit)); at != known.end(); ++at) {
    const raft::Configuration& configuration = at->second;
    if (!configuration.voters.empty()) sets.push_back(configuration.voters);
    if (configuration.is_joint()) sets.push_back(configuration.outgoing);
    if (configuration.joining.empty()) continue;
    std::vector<raft::Member> with_those_who_join = configuration.voters;
    for (const raft::Joining& joining : configuration.joining) with_those_who_join.push_back({joining.id, ""});
    sets.push_back(std::move(with_those_who_join));
  }
  return sets;
}

}  // namespace

Lasting::Lasting(Injector& injector, Choices& choices)
    : injector_(injector), world_(injector.world()), choices_(choices.stream("lasting")) {}

bool Lasting::may_begin() const {
  for (std::size_t node = 0; node < world_.size(); ++node) {
    if (!world_.is_gone(node) && !world_.cluster().is_up(node)) return false;
  }
  return true;
}

bool Lasting::keeps_majority() const {
  bool is_known = false;  // who votes: where all have lost their disks, nobody knows
  for (std::size_t node = 0; node < world_.size(); ++node) {
    if (!world_.cluster().is_up(node)) continue;
    for (const auto& voters : electorates(world_.cluster().core(node))) {
      is_known = true;
      std::size_t well = 0;
      for (std::size_t other = 0; other < world_.size(); ++other) {
        if (well_[other] && raft::Configuration::holds(voters, Cluster::name(other))) ++well;
      }
      if (2 * well <= voters.size()) return false;
    }
  }
  return is_known;
}

// The leader more often than others: what it does not know, nobody repairs.
void Lasting::choose_who_is_sick() {
  const auto leader = world_.cluster().leader();
  const bool begins_with_leader = choices_.below(2) == 0;
  std::vector<std::size_t> order;
  for (std::size_t node = 0; node < world_.size(); ++node) order.push_back(node);
  for (std::size_t left = order.size(); left > 1; --left) std::swap(order[left - 1], order[choices_.below(left)]);
  if (leader && begins_with_leader) std::iter_swap(order.begin(), std::find(order.begin(), order.end(), *leader));
  const std::uint64_t most = choices_.below(4) > 0 ? world_.size() : 1 + choices_.below(2);
  std::uint64_t sick = 0;
  for (const std::size_t node : order) {
    if (!well_[node] || sick == most) continue;
    well_[node] = false;
    if (keeps_majority()) {
      ++sick;
    } else {
      well_[node] = true;
    }
  }
}

bool Lasting::begin() {
  well_.clear();
  for (std::size_t node = 0; node < world_.size(); ++node) {
    const bool is_novice = world_.cluster().is_up(node) && world_.cluster().core(node).hard_state.novice;
    well_.push_back(!world_.is_gone(node) && !world_.is_rotten(node) && !is_novice);
  }
  if (!keeps_majority()) return false;
  choose_who_is_sick();
  injector_.heal_only(well_);
  make_sick();
  goal_ = Goal::kWriteAndRead;
  probes_.push_back(std::make_unique<Probe>(world_, well_));
  probes_.back()->begin();
  return true;
}

// Each by chance; or a leader that hears just enough of the others to stay, the sick ones, and they can store nothing.
void Lasting::make_sick() {
  ailing_.assign(world_.size(), "");
  const auto leader = world_.cluster().leader();
  const bool leans_on_the_full = choices_.below(4) == 0;
  for (std::size_t node = 0; node < world_.size(); ++node) {
    Stream choices = choices_.named("lasting.ailment").on(node + 1);
    const Ailment& drawn = ailments()[choices.below(ailments().size())];
    if (well_[node] || world_.is_gone(node)) continue;
    const Ailment& ailment = leans_on_the_full ? ailment_named(leader == node ? "leaning" : "full") : drawn;
    TIMESTORE_MARK("lasting: a node stayed sick");
    if (world_.cluster().leader() == node) TIMESTORE_MARK("lasting: a leader stayed sick");
    ailing_[node] = ailment.name;
    world_.note(node, "stays sick", ailing_[node]);
    ailment.begin(injector_, choices, node);
  }
}

bool Lasting::are_all_up() const {
  for (std::size_t node = 0; node < world_.size(); ++node) {
    if (well_[node] && !world_.cluster().is_up(node)) return false;
  }
  return true;
}

bool Lasting::is_removed() const {
  const auto leader = probes_.back()->leader();
  if (!leader) return false;
  const raft::State& core = world_.cluster().core(*leader);
  const raft::Configuration& members = core.configuration();
  return core.commit >= core.configurations.latest_index() && !members.is_joint() &&
         !members.is_member(Cluster::name(*goes_));
}

void Lasting::hand_over(std::size_t leader) {
  Cluster& cluster = world_.cluster();
  for (std::size_t node = 0; node < world_.size(); ++node) {
    if (!well_[node] || !cluster.is_up(node) || cluster.core(node).leader != Cluster::name(leader)) continue;
    if (cluster.is_link_cut(node, leader) || cluster.is_link_cut(leader, node)) continue;
    cluster[leader].transfer(Cluster::name(node));
    return world_.wake(leader);
  }
}

// Who answers with a refusal, because something else is under way, is asked again. So is who answers nothing: an
// earlier wish may wait at a node that is sick.
void Lasting::ask_for_removal() {
  if (goal_ != Goal::kRemoval) return;
  if (const auto leader = probes_.back()->leader(); leader && !is_removed()) {
    const bool is_member = world_.cluster().core(*leader).configuration().is_member(Cluster::name(*goes_));
    // Who is half connected cannot tell whether the others could do without somebody; whoever takes over can.
    if (is_member && world_.now() >= asks_again_at_) {
      asks_again_at_ = world_.now() + injector_.election();
      if (!well_[*leader]) hand_over(*leader);
      injector_.operators().remove(*leader, *goes_);
    }
  }
  injector_.later(injector_.election() / 4, [this] { ask_for_removal(); });
}

void Lasting::go_on() {
  if (goal_ == Goal::kRemoval ? !is_removed() : !probes_.back()->is_done()) return;
  if (goal_ == Goal::kWriteAndReadAgain) {
    goal_ = Goal::kNone;
    return;
  }
  if (goal_ == Goal::kWriteAndRead) {
    TIMESTORE_MARK("lasting: those who are well took a write beside the sick");
    const auto leader = probes_.back()->leader();
    for (std::size_t node = 0; node < world_.size() && leader; ++node) {
      const auto& members = world_.cluster().core(*leader).configuration();
      if (!well_[node] && members.is_voter(Cluster::name(node))) goes_ = node;
    }
    if (goes_) {
      goal_ = Goal::kRemoval;
      return ask_for_removal();
    }
  }
  if (goes_) TIMESTORE_MARK("lasting: a sick member was removed");
  goal_ = Goal::kWriteAndReadAgain;
  probes_.push_back(std::make_unique<Probe>(world_, well_));
  probes_.back()->begin();
}

std::string Lasting::describe() const {
  const char* wish = goal_ == Goal::kRemoval        ? "a sick member is to be removed"
                     : goal_ == Goal::kWriteAndRead ? "a write and a read are wanted"
                                                    : "a write and a read are wanted after a removal";
  std::string text = wish;
  for (std::size_t node = 0; node < world_.size(); ++node) {
    text += "; " + Cluster::name(node) + (well_[node] ? " is well" : " is " + ailing_[node]);
    if (goal_ == Goal::kRemoval && goes_ == node) text += ", and is to go";
  }
  return text;
}

}  // namespace timestore::sim
