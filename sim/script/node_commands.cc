// Nodes: their lives, their time, and what they are told to do.
#include <algorithm>
#include <set>

#include "sim/script/commands.h"
#include "sim/script/describe.h"

namespace timestore::sim::script {

namespace {

constexpr std::uint64_t kMaxTicks = 10'000;

using Setter = Result<void> (*)(ClusterOptions& options, const std::string& value);

template <typename Field>
Result<void> set(Field& field, const std::string& value, std::uint64_t least) {
  const auto number = to_number(value, "An option's value");
  if (!number) return tl::unexpected(number.error());
  if (*number < least) return fail("An option's value is at least " + std::to_string(least) + " here.");
  field = static_cast<Field>(*number);
  return {};
}

struct ClusterSetting {
  std::string_view name;
  Setter set;
};

constexpr ClusterSetting kClusterSettings[] = {
    {"election",
     [](ClusterOptions& options, const std::string& value) -> Result<void> {
       const std::vector<std::string> range = split(value, '-');
       if (range.empty()) return fail("election=TICKS or election=MIN-MAX.");
       if (auto low = set(options.raft.election_ticks_min, range.front(), 1); !low) return low;
       return set(options.raft.election_ticks_max, range.back(), options.raft.election_ticks_min);
     }},
    {"heartbeat",
     [](ClusterOptions& options, const std::string& value) { return set(options.raft.heartbeat_ticks, value, 1); }},
    {"orphan",
     [](ClusterOptions& options, const std::string& value) { return set(options.raft.orphan_ticks, value, 1); }},
    {"append",
     [](ClusterOptions& options, const std::string& value) { return set(options.raft.max_append_entries, value, 1); }},
    {"inflight", [](ClusterOptions& options,
                    const std::string& value) { return set(options.raft.max_inflight_appends, value, 1); }},
    {"window",
     [](ClusterOptions& options, const std::string& value) { return set(options.raft.max_inflight_bytes, value, 0); }},
    {"apply",
     [](ClusterOptions& options, const std::string& value) { return set(options.max_apply_entries, value, 1); }},
    {"cache", [](ClusterOptions& options, const std::string& value) { return set(options.cache_bytes, value, 0); }},
    {"waiting",
     [](ClusterOptions& options, const std::string& value) { return set(options.max_waiting_bytes, value, 1); }},
    {"keep", [](ClusterOptions& options, const std::string& value) { return set(options.kept_entries, value, 0); }},
    {"seal",
     [](ClusterOptions& options, const std::string& value) { return set(options.series.seal_bytes, value, 1); }},
    {"chunk",
     [](ClusterOptions& options, const std::string& value) { return set(options.snapshot_chunk_bytes, value, 1); }},
    {"level", [](ClusterOptions& options, const std::string& value) { return set(options.raft.level, value, 0); }},
    {"outsiders", [](ClusterOptions& options, const std::string& value) { return set(options.outsiders, value, 0); }},
    {"seed", [](ClusterOptions& options, const std::string& value) { return set(options.seed, value, 0); }},
};

Result<void> cluster(Stage& stage, Words& words) {
  if (stage.is_open()) return fail("There is a cluster already: one for each scenario.");
  const auto size = words.take_number("N");
  if (!size) return tl::unexpected(size.error());
  if (*size < 1 || *size > 7) return fail("A cluster has 1 to 7 nodes.");
  ClusterOptions options;
  options.size = *size;
  options.raft = {.election_ticks_min = 10, .election_ticks_max = 10, .heartbeat_ticks = 3, .orphan_ticks = 30};
  while (!words.empty()) {
    const std::string word = words.take();
    const auto setting = to_setting(word);
    const auto known = std::find_if(std::begin(kClusterSettings), std::end(kClusterSettings),
                                    [&](const ClusterSetting& each) { return setting && each.name == setting->first; });
    if (known == std::end(kClusterSettings)) {
      std::vector<std::string_view> names;
      for (const ClusterSetting& each : kClusterSettings) names.push_back(each.name);
      return fail("\"" + word + "\" is no option of a cluster. " + suggestion(setting ? setting->first : word, names));
    }
    if (auto done = known->set(options, setting->second); !done) return done;
  }
  if (options.outsiders >= options.size) return fail("Somebody founds the cluster: not all are outsiders.");
  return stage.open(options);
}

Result<void> start(Stage& stage, Words& words) {
  const auto number = words.take_node(stage.size());
  if (!number) return tl::unexpected(number.error());
  if (stage.cluster().is_up(*number)) return fail(Cluster::name(*number) + " is running already.");
  if (stage.is_lost(*number)) return fail(Cluster::name(*number) + " has lost its disk: it is gone for good.");
  stage.start(*number);
  return words.end();
}

Result<void> install(Stage& stage, Words& words) {
  const auto number = words.take_node(stage.size());
  if (!number) return tl::unexpected(number.error());
  const auto level = words.take_number("LEVEL");
  if (!level) return tl::unexpected(level.error());
  const bool holds = words.take_if("held");
  stage.cluster().set_release(*number, {.level = static_cast<raft::Level>(*level), .holds_level = holds});
  return words.end();
}

Result<void> kill(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  stage.cluster().kill(*number);
  stage.tell(*number);
  return words.end();
}

Result<void> pause(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  stage.pause(*number);
  return words.end();
}

Result<void> resume(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  stage.resume(*number);
  return words.end();
}

void tick_once(Stage& stage, const std::vector<std::size_t>& nodes) {
  for (const std::size_t number : nodes) {
    if (!stage.cluster().is_up(number)) continue;
    stage.cluster()[number].tick();
    stage.act(number);
  }
}

Result<void> tick_until(Stage& stage, Words& words, const std::vector<std::size_t>& nodes) {
  static constexpr std::string_view kRoles[] = {"follower", "asking", "candidate", "leader"};
  auto role = words.take("ROLE");
  if (!role) return tl::unexpected(role.error());
  if (std::find(std::begin(kRoles), std::end(kRoles), *role) == std::end(kRoles)) {
    return fail("\"" + *role + "\" is no role. " + suggestion(*role, kRoles));
  }
  const auto is_there = [&] {
    return std::all_of(nodes.begin(), nodes.end(), [&](std::size_t number) {
      return stage.cluster().is_up(number) && name_of(stage.cluster().core(number).role) == *role;
    });
  };
  for (std::uint64_t count = 0; !is_there(); ++count) {
    if (count == kMaxTicks) return fail("Not seen after " + std::to_string(kMaxTicks) + " ticks: " + *role + ".");
    tick_once(stage, nodes);
  }
  return words.end();
}

Result<void> tick(Stage& stage, Words& words) {
  const auto nodes = take_nodes(stage, words);
  if (!nodes) return tl::unexpected(nodes.error());
  if (words.take_if("until")) return tick_until(stage, words, *nodes);
  std::uint64_t times = 1;
  if (!words.empty()) {
    const auto given = words.take_number("TIMES");
    if (!given) return tl::unexpected(given.error());
    times = *given;
  }
  if (times > kMaxTicks) return fail("At most " + std::to_string(kMaxTicks) + " ticks at a time.");
  for (std::uint64_t count = 0; count < times; ++count) tick_once(stage, *nodes);
  return words.end();
}

Result<void> campaign(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  stage.cluster()[*number].campaign();
  stage.act(*number);
  return words.end();
}

// Delivers what `from` has asked of the voters, or what they have answered, and loses the rest of it.
void pass_votes(Stage& stage, std::size_t from, std::size_t to, bool is_to_pass,
                std::pair<MessageKind, MessageKind> kinds = {MessageKind::kVoteRequest, MessageKind::kVoteAnswer}) {
  std::vector<MessageId> chosen;
  for (const auto& [id, wire] : stage.cluster().messages()) {
    const MessageKind kind = kind_of(wire.message);
    const bool is_vote = kind == kinds.first || kind == kinds.second;
    if (is_vote && wire.from == from && wire.to == to) chosen.push_back(id);
  }
  for (const MessageId id : chosen) {
    if (is_to_pass) {
      stage.deliver(id, false);
    } else {
      stage.cluster().drop(id);
    }
  }
}

// Who founds a cluster hears first from all others that they hold nothing, whoever is to elect it then.
void ask_founders(Stage& stage, std::size_t number) {
  if (raft::awaited_founders(stage.cluster().core(number)).empty()) return;
  stage.cluster()[number].campaign();
  stage.act(number);
  const std::pair kinds{MessageKind::kPreVoteRequest, MessageKind::kPreVoteAnswer};
  for (std::size_t peer = 0; peer < stage.size(); ++peer) {
    pass_votes(stage, number, peer, true, kinds);
    pass_votes(stage, peer, number, true, kinds);
  }
}

Result<void> stand_for_election(Stage& stage, std::size_t number, const std::set<std::size_t>& voters) {
  Cluster& cluster = stage.cluster();
  raft::Term newest = 0;
  for (const std::size_t voter : voters) {
    if (cluster.is_up(voter)) newest = std::max(newest, cluster.core(voter).term());
  }
  const raft::Term first = cluster.core(number).term();
  ask_founders(stage, number);
  bool stands = cluster.is_up(number) && cluster.core(number).term() > first;
  while (!stands || (cluster.is_up(number) && cluster.core(number).term() <= newest)) {
    for (std::size_t peer = 0; peer < stage.size(); ++peer) pass_votes(stage, number, peer, false);
    const raft::Term before = cluster.core(number).term();
    cluster[number].campaign();
    stage.act(number);
    stands = true;
    if (cluster.is_up(number) && cluster.core(number).term() == before) break;  // it may not
  }
  for (std::size_t peer = 0; peer < stage.size(); ++peer) pass_votes(stage, number, peer, voters.contains(peer));
  for (const std::size_t voter : voters) pass_votes(stage, voter, number, true);
  if (cluster.is_up(number) && cluster.core(number).is_leader()) return {};
  return fail(Cluster::name(number) + " is not elected. See who stands in its way with `show`.");
}

Result<void> elect(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  std::set<std::size_t> voters;
  if (words.take_if("by")) {
    const auto given = take_nodes(stage, words);
    if (!given) return tl::unexpected(given.error());
    voters.insert(given->begin(), given->end());
  } else {
    for (std::size_t voter = 0; voter < stage.size(); ++voter) voters.insert(voter);
  }
  voters.erase(*number);
  if (auto ended = words.end(); !ended) return ended;
  if (stage.cluster().core(*number).is_leader()) return fail("It leads already. `step-down` comes first.");
  const Detail detail = stage.detail();
  stage.set_detail(std::min(detail, Detail::kNodes));
  auto elected = stand_for_election(stage, *number, voters);
  stage.set_detail(detail);
  return elected;
}

Result<void> transfer(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  raft::NodeId to;
  if (words.take_if("to")) {
    const auto successor = words.take_node(stage.size());
    if (!successor) return tl::unexpected(successor.error());
    to = Cluster::name(*successor);
  }
  stage.cluster()[*number].transfer(to);
  stage.act(*number);
  return words.end();
}

Result<void> step_down(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  stage.cluster()[*number].step_down();
  stage.act(*number);
  return words.end();
}

Result<void> unreachable(Stage& stage, Words& words) {
  const auto number = take_running_node(stage, words);
  if (!number) return tl::unexpected(number.error());
  const auto peer = words.take_node(stage.size());
  if (!peer) return tl::unexpected(peer.error());
  stage.cluster()[*number].peer_unreachable(Cluster::name(*peer));
  stage.act(*number);
  return words.end();
}

Result<void> converge(Stage& stage, Words& words) {
  if (auto ended = words.end(); !ended) return ended;
  return stage.converge();
}

}  // namespace

const Chapter& node_chapter() {
  static const Chapter kChapter{
      "Nodes",
      "",
      {
          {"cluster N [OPTION=VALUE...]",
           "Sets up N nodes, n1 to nN, and starts them. Options, in ticks: election=10 or a range election=10-20, "
           "heartbeat=3, orphan=30 (how long a deposed leader waits to learn the fates of its proposals). In entries: "
           "append (of one message), apply (of one transaction), keep (of the applied ones, in the log; usually more "
           "than any scenario has); in messages: inflight. In bytes: cache, waiting (of proposals without a fate), "
           "chunk (of a snapshot, in one message), window (of entries on their way to one follower). level=0: the "
           "highest feature level that the nodes know at first. outsiders=1: the last so many nodes do not belong to "
           "the cluster and are not started; they wait to be let in. And seed.",
           cluster},
          {"start NODE", "Starts a node that is down. When its files refuse, says why.", start},
          {"install NODE LEVEL [held]",
           "Gives the node another release, known by the highest feature level that it knows, from its next start on; "
           "held: it then runs with --hold-level.",
           install},
          {"kill NODE", "Ends the process. What was written stays written, synced or not; lose-power is harder.", kill},
          {"pause NODE",
           "The node takes no turn until it is resumed. What arrives meanwhile makes one batch, and one write.", pause},
          {"resume NODE", "The node takes its turn.", resume},
          {"tick NODE...|all [TIMES | until ROLE]",
           "Lets time pass for these nodes, one after the other, once or so many times, or until all of them are "
           "follower, asking, candidate or leader. A node whose election time-out has passed asks around first, and is "
           "a candidate when a majority would vote for it.",
           tick},
          {"campaign NODE",
           "The node starts an election now: a forced one, without asking around first. Voters listen even beside a "
           "leader.",
           campaign},
          {"elect NODE [by VOTER...]",
           "The node stands for election, forced, in a term that is new to these voters (all, when none are named), "
           "and they alone are asked. It must win. What it sends as the leader waits.",
           elect},
          {"transfer NODE [to NODE]",
           "A leader hands over: to the other node, or to whoever has most of the log. It brings its successor up to "
           "date and asks it to call an election; what clients write meanwhile waits. After an election time-out it "
           "gives up and goes on.",
           transfer},
          {"step-down NODE", "A leader becomes a follower of its own will.", step_down},
          {"unreachable NODE PEER", "The node is told that a request to its peer found no way.", unreachable},
          {"converge",
           "Heals links, disks and whatever is held, starts what is down, elects a leader where there is none, and "
           "demands that all members agree and hold everything that was acknowledged. The end of most scenarios.",
           converge},
      }};
  return kChapter;
}

}  // namespace timestore::sim::script
