// The wire: an append of N entries of an ordinary size, written and read.
#include <benchmark/benchmark.h>

#include "engine/wire/codec.h"

namespace timestore::raft {
namespace {

AppendRequest make_request(std::int64_t entries) {
  AppendRequest request{.term = 3,
                        .leader = "node1",
                        .prev_index = 1000,
                        .prev_term = 3,
                        .leader_commit = 1000,
                        .round = 9,
                        .entries = {}};
  const std::string command = R"({"id":"018f5c6e-7d2a-7c3b-8a4d-1f2e3d4c5b6a","deviceId":"press-07",)"
                              R"("timestamp":"2024-05-01T12:00:00.123Z","value":21.5})";
  for (std::int64_t i = 0; i < entries; ++i) request.entries.push_back({3, EntryKind::kCommand, Payload(command)});
  return request;
}

void encoding_an_append(benchmark::State& bench) {
  const AppendRequest request = make_request(bench.range(0));
  for (auto _ : bench) {
    std::string text;
    encode(text, request);
    benchmark::DoNotOptimize(text);
  }
  bench.SetItemsProcessed(bench.iterations() * bench.range(0));
}
BENCHMARK(encoding_an_append)->Arg(0)->Arg(1)->Arg(64)->Arg(1024);

void decoding_an_append(benchmark::State& bench) {
  std::string text;
  encode(text, make_request(bench.range(0)));
  for (auto _ : bench) benchmark::DoNotOptimize(decode_append_request(text));
  bench.SetItemsProcessed(bench.iterations() * bench.range(0));
  bench.SetBytesProcessed(bench.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(decoding_an_append)->Arg(0)->Arg(1)->Arg(64)->Arg(1024);

}  // namespace
}  // namespace timestore::raft
