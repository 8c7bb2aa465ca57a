// How much a turn of the consensus core costs: the leader's and the follower's side of replicating a batch.
#include <benchmark/benchmark.h>

#include "engine/base/check.h"
#include "engine/raft/step.h"

namespace timestore::raft {
namespace {

Effects step_one(State& state, Input input) { return step(state, std::span<const Input>(&input, 1)); }

State make_node(const NodeId& id, std::size_t voters) {
  Restart restart{.id = id, .configuration = {}, .hard_state = {}, .trail = {}, .applied = 0, .seed = 1};
  for (std::size_t i = 1; i <= voters; ++i) restart.configuration.voters.push_back({"n" + std::to_string(i), ""});
  return start(restart, Options{});
}

void acknowledge(State& leader) {
  (void)step_one(leader, WriteDone{leader.last_write});
  const Term term = leader.term();
  const Index last = leader.trail.last_index();
  const std::vector<Member> voters = leader.configuration().voters;
  for (const Member& voter : voters) {
    if (voter.id == leader.id) continue;
    (void)step_one(
        leader, Receive{voter.id,
                        AppendResponse{
                            .term = term, .success = true, .match = last, .prev_index = last, .hint = {}, .round = 0}});
  }
}

State make_leader(std::size_t voters) {
  State state = make_node("n1", voters);
  const Effects campaign = step_one(state, Campaign{});
  (void)step_one(state, WriteDone{campaign.write->id});
  for (std::size_t i = 2; i <= voters && !state.is_leader(); ++i) {
    (void)step_one(state, Receive{"n" + std::to_string(i), VoteResponse{1, true}});
  }
  TIMESTORE_CHECK(state.is_leader(), "the benchmark's node leads");
  acknowledge(state);
  return state;
}

// A batch of proposals, its write, and both followers' acknowledgements: entries per second through a leader's core.
void leader_commits_a_batch(benchmark::State& bench) {
  State leader = make_leader(3);
  const Payload payload(std::string(120, 'x'));
  ProposalId id = 0;
  for (auto _ : bench) {
    std::vector<Input> batch;
    for (std::int64_t i = 0; i < bench.range(0); ++i) batch.emplace_back(Propose{++id, payload});
    benchmark::DoNotOptimize(step(leader, batch));
    acknowledge(leader);
    (void)step_one(leader, Applied{leader.commit});
  }
  bench.SetItemsProcessed(bench.iterations() * bench.range(0));
}
BENCHMARK(leader_commits_a_batch)->Arg(1)->Arg(64)->Arg(1024);

void follower_takes_a_batch(benchmark::State& bench) {
  State follower = make_node("n2", 3);
  for (auto _ : bench) {
    AppendRequest request{.term = 1,
                          .leader = "n1",
                          .prev_index = follower.trail.last_index(),
                          .prev_term = follower.trail.last_term(),
                          .leader_commit = follower.trail.last_index(),
                          .round = 0,
                          .entries = {}};
    const Payload payload(std::string(120, 'x'));
    for (std::int64_t i = 0; i < bench.range(0); ++i) request.entries.push_back({1, EntryKind::kCommand, payload});
    benchmark::DoNotOptimize(step_one(follower, Receive{"n1", std::move(request)}));
    (void)step_one(follower, WriteDone{follower.last_write});
  }
  bench.SetItemsProcessed(bench.iterations() * bench.range(0));
}
BENCHMARK(follower_takes_a_batch)->Arg(1)->Arg(64)->Arg(1024);

void an_idle_leaders_tick(benchmark::State& bench) {
  State leader = make_leader(5);
  for (auto _ : bench) benchmark::DoNotOptimize(step_one(leader, Tick{}));
}
BENCHMARK(an_idle_leaders_tick);

void copying_and_hashing_a_state(benchmark::State& bench) {
  State leader = make_leader(5);
  for (std::int64_t i = 0; i < bench.range(0); ++i) {
    (void)step_one(leader, Propose{static_cast<ProposalId>(i + 1), Payload("x")});
    acknowledge(leader);
  }
  for (auto _ : bench) {
    const State copy = leader;
    benchmark::DoNotOptimize(hash_of(copy));
  }
}
BENCHMARK(copying_and_hashing_a_state)->Arg(10)->Arg(10'000);

}  // namespace
}  // namespace timestore::raft
