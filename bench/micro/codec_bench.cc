// The wire: an append of N entries of an ordinary size, written and read.
#include <benchmark/benchmark.h>

#include "engine/wire/codec.h"
#include "engine/wire/frame.h"

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

std::string as_json(const AppendRequest& request) {
  std::string text;
  encode(text, request);
  return text;
}

std::string as_frame(const AppendRequest& request) { return encode_frame(request); }

void encoding_an_append(benchmark::State& bench, std::string (*encoded)(const AppendRequest&)) {
  const AppendRequest request = make_request(bench.range(0));
  std::size_t size_bytes = 0;
  for (auto _ : bench) {
    const std::string bytes = encoded(request);
    size_bytes = bytes.size();
    benchmark::DoNotOptimize(bytes.data());
  }
  bench.SetItemsProcessed(bench.iterations() * bench.range(0));
  bench.counters["size_bytes"] = static_cast<double>(size_bytes);
}
BENCHMARK_CAPTURE(encoding_an_append, json, as_json)->Arg(0)->Arg(1)->Arg(64)->Arg(1024);
BENCHMARK_CAPTURE(encoding_an_append, frame, as_frame)->Arg(0)->Arg(1)->Arg(64)->Arg(1024);

template <typename Decode>
void decode_all(benchmark::State& bench, const std::string& bytes, Decode decode) {
  for (auto _ : bench) benchmark::DoNotOptimize(decode(bytes));
  bench.SetItemsProcessed(bench.iterations() * bench.range(0));
  bench.SetBytesProcessed(bench.iterations() * static_cast<std::int64_t>(bytes.size()));
}

void decoding_an_append_from_json(benchmark::State& bench) {
  decode_all(bench, as_json(make_request(bench.range(0))), decode_append_request);
}
BENCHMARK(decoding_an_append_from_json)->Arg(0)->Arg(1)->Arg(64)->Arg(1024);

void decoding_an_append_from_a_frame(benchmark::State& bench) {
  decode_all(bench, as_frame(make_request(bench.range(0))),
             [](const std::string& bytes) { return decode_frame(index_of<AppendRequest>, bytes, nullptr); });
}
BENCHMARK(decoding_an_append_from_a_frame)->Arg(0)->Arg(1)->Arg(64)->Arg(1024);

}  // namespace
}  // namespace timestore::raft
