// The disk: a durable write of N log entries, and applying N time entries, each in one transaction on a real file.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>

#include "engine/base/check.h"
#include "engine/series/command.h"
#include "engine/series/entry_id.h"
#include "engine/store/log/log_file.h"
#include "engine/store/series/series_file.h"

namespace timestore::store {
namespace {

class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "timestore-bench-XXXXXX").string();
    TIMESTORE_CHECK(mkdtemp(pattern.data()) != nullptr, "a scratch directory can be made");
    path_ = pattern;
  }
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

template <typename T>
T opened(Result<T> result) {
  TIMESTORE_CHECK(result.has_value(), "the benchmark's file opens");
  return std::move(*result);
}

enum class Ids : unsigned char { kOurs, kClients };

std::vector<raft::Entry> make_entries(raft::Index first, std::int64_t count, Ids ids) {
  std::vector<raft::Entry> entries;
  for (std::int64_t i = 0; i < count; ++i) {
    const raft::Index index = first + static_cast<raft::Index>(i);
    TimeEntry entry{.id = {},
                    .device_id = "device-" + std::to_string(index % 100),
                    .timestamp_ns = static_cast<std::int64_t>(index) * 1'000'000,
                    .value = 21.5,
                    .attributes = ""};
    entry.id = make_entry_id({index, 0}, 1, entry.device_id, entry.timestamp_ns);
    if (ids == Ids::kClients) {
      std::uint64_t mixed = index * 0x9e3779b97f4a7c15ULL;  // in no order, as random ids are
      for (std::size_t byte = 0; byte < 8; ++byte)
        entry.id.bytes[byte] = static_cast<std::uint8_t>(mixed >> (8 * byte));
      entry.id.bytes[6] = 0x40;
      for (std::size_t byte = 8; byte < 16; ++byte)
        entry.id.bytes[byte] = static_cast<std::uint8_t>(index >> (8 * (byte - 8)));
    }
    entries.push_back({1, raft::EntryKind::kCommand, raft::Payload(encode_command({&entry, 1}))});
  }
  return entries;
}

void writing_the_log(benchmark::State& bench) {
  const ScratchDirectory directory;
  auto log = opened(LogFile::open(directory.file("log.db")));
  TIMESTORE_CHECK(log->initialize({"n1", {{{"n1", ""}}}}).has_value(), "a new log file takes its identity");
  raft::Write write{
      .id = 1, .hard_state = {1, "n1"}, .truncate_from = {}, .begin_after = {}, .first_index = 1, .entries = {}};
  const auto entries = make_entries(1, bench.range(0), Ids::kOurs);
  for (auto _ : bench) {
    write.entries = entries;
    TIMESTORE_CHECK(log->write({&write, 1}).has_value(), "the log is written");
    write.first_index += entries.size();
  }
  bench.SetItemsProcessed(bench.iterations() * bench.range(0));
}
BENCHMARK(writing_the_log)->Arg(1)->Arg(64)->Arg(1024)->UseRealTime()->Unit(benchmark::kMicrosecond);

void applying(benchmark::State& bench, Ids ids) {
  const ScratchDirectory directory;
  auto series = opened(SeriesFile::open(directory.file("series.db")));
  raft::Index next = 1;
  for (auto _ : bench) {
    bench.PauseTiming();
    const auto entries = make_entries(next, bench.range(0), ids);
    bench.ResumeTiming();
    TIMESTORE_CHECK(series->apply(next, entries).has_value(), "the entries are applied");
    next += entries.size();
  }
  bench.SetItemsProcessed(bench.iterations() * bench.range(0));
}
BENCHMARK_CAPTURE(applying, ids_of_ours, Ids::kOurs)
    ->Arg(1)
    ->Arg(64)
    ->Arg(1024)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(applying, ids_of_clients, Ids::kClients)
    ->Arg(64)
    ->Arg(1024)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace timestore::store
