#include "sim/world/bounds.h"

#include <algorithm>

namespace timestore::sim {

namespace {

// The write-ahead logs begin anew when they have grown by so much (engine/store: 1,024 and 4,096 pages). Beyond that
// there is room for the transaction that crossed the line, which after a stall holds whatever a leader may let wait (a
// row of half a page takes a whole one), and as many pages again for a reader that stood in the way for a moment. Of
// the series, whoever catches up applies groups of another size, whose rows may lie on pages of their own.
constexpr std::uint64_t kFrameBytes = 4120;
constexpr std::uint64_t kMaxLogWalBytes = 2 * 1024 * kFrameBytes;
constexpr std::uint64_t kMaxSeriesWalBytes = 2 * 4096 * kFrameBytes;
constexpr std::uint64_t kPagesPerContent = 2;
// Beside its rows a transaction writes the pages of the state and the base, inner pages and those of the free list.
constexpr std::uint64_t kPagesBesideContent = 8 * kFrameBytes;
constexpr std::uint64_t kMaxPagesOfGroup = std::uint64_t{1} << 22;  // in bytes

// A row costs its content, some numbers and its share of a page that may be half empty.
constexpr std::uint64_t kRowBytes = 100;
constexpr std::uint64_t kCachedEntryBytes = 128;  // beside its payload
constexpr std::uint64_t kEmptyFileBytes = 1 << 17;

// What a leader keeps on the way to each follower, and a node keeps back until its disk has caught up.
constexpr std::size_t kMaxHeldSends = 100'000;

Violation broken(std::size_t number, const char* rule, std::uint64_t is, std::uint64_t limit) {
  return {.checker = "bounds",
          .rule = rule,
          .detail = Cluster::name(number) + ": " + std::to_string(is) + ", at most " + std::to_string(limit)};
}

std::uint64_t log_bytes(const raft::Trail& trail, raft::Index first) {
  std::uint64_t bytes = 0;
  for (raft::Index index = first; index <= trail.last_index(); ++index) bytes += trail.size_bound_bytes(index);
  return bytes;
}

std::uint64_t file_bytes(Disk& disk, std::string_view path) {
  if (!disk.exists(path)) return 0;
  const auto file = disk.open(path, false);
  return file ? disk.size(*file).value_or(0) : 0;
}

}  // namespace

std::optional<Violation> broken_bound_of_memory(Cluster& cluster, std::size_t number, const ClusterOptions& options) {
  if (!cluster.is_up(number)) return std::nullopt;
  const Replica& replica = cluster[number];
  const raft::State& core = replica.core();
  if (replica.waiting_bytes() > options.max_waiting_bytes) {
    return broken(number, "writes that wait are bounded", replica.waiting_bytes(), options.max_waiting_bytes);
  }
  // The log lane: a group of writes, entries to apply or a note of what is installed, and one read for each follower.
  // The series lane: one group, a checkpoint, a snapshot that is made, read and received.
  const std::size_t jobs = cluster.jobs(number, Lane::kLog) + cluster.jobs(number, Lane::kSeries);
  if (jobs > cluster.size() + 5) return broken(number, "few jobs wait at the lanes", jobs, cluster.size() + 5);
  if (core.held_sends.size() > kMaxHeldSends) {
    return broken(number, "messages that wait for the disk are bounded", core.held_sends.size(), kMaxHeldSends);
  }
  if (replica.cached_bytes() > options.cache_bytes) {
    const std::uint64_t limit = options.cache_bytes + log_bytes(core.trail, core.durable + 1) +
                                kCachedEntryBytes * (core.trail.last_index() - core.durable);
    if (replica.cached_bytes() > limit) {
      return broken(number, "the cache holds no more than its limit and what is not on disk", replica.cached_bytes(),
                    limit);
    }
  }
  return std::nullopt;
}

std::optional<Violation> broken_bound_of_files(Cluster& cluster, std::size_t number, const ClusterOptions& options) {
  if (!cluster.is_up(number)) return std::nullopt;
  Disk& disk = cluster.disk(number);
  const raft::Trail& trail = cluster.core(number).trail;
  const std::uint64_t group = kPagesPerContent * options.max_waiting_bytes + kPagesBesideContent;
  const std::uint64_t log_wal = file_bytes(disk, "log.db-wal");
  if (log_wal > kMaxLogWalBytes + group) {
    return broken(number, "the log's write-ahead log is bounded", log_wal, kMaxLogWalBytes + group);
  }
  const std::uint64_t series_wal = file_bytes(disk, "series.db-wal");
  // While somebody reads, the write-ahead log keeps whatever is written, and afterwards its size.
  const std::uint64_t series_limit = kMaxSeriesWalBytes + std::max(group, kMaxPagesOfGroup);
  if (series_wal > series_limit && !cluster.was_read_slowly(number)) {
    return broken(number, "the series' write-ahead log is bounded", series_wal, series_limit);
  }
  const std::uint64_t commands = cluster.oracle().committed_bytes() + log_bytes(trail, trail.first_index());
  const std::uint64_t content = 4 * (commands + kRowBytes * trail.last_index());
  const std::uint64_t series = file_bytes(disk, "series.db");
  if (series > kEmptyFileBytes + content) {
    return broken(number, "the series file grows with its content", series, kEmptyFileBytes + content);
  }
  return std::nullopt;
}

}  // namespace timestore::sim
