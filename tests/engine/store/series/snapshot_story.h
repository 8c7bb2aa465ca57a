// A small language for tests of snapshots: one is made on one disk and sent to another.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/store/series/incoming_snapshot.h"
#include "tests/engine/store/series/series_story.h"

namespace timestore::store {

inline std::string text(const std::vector<std::uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }
inline std::vector<std::uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

// All bytes of a snapshot.
inline std::string bytes_of(Snapshot& snapshot) {
  std::string all;
  while (all.size() < snapshot.meta().size_bytes) {
    auto chunk = snapshot.read_chunk(all.size(), 100'000);
    EXPECT_TRUE(chunk.has_value()) << chunk.error().message;
    if (!chunk) break;
    all += text(chunk->bytes);
  }
  return all;
}

class SnapshotStory : public SeriesStory {
 protected:
  // Applies commands of some pages, some of whose ids are clients' own, and members.
  void fill(int commands) {
    for (int number = 0; number < commands; ++number) {
      TimeEntry large =
          measurement("device " + std::to_string(number % 7), number, number,
                      "{\"note\":\"" + std::string(static_cast<std::size_t>(number % 5) * 1500, 'x') + "\"}");
      TimeEntry named = measurement("named", number, number);
      for (std::uint8_t& byte : named.id.bytes) byte = static_cast<std::uint8_t>(1 + next_index() % 250);
      apply({large, named});
    }
    apply(std::vector{members_entry("n" + std::to_string(next_index()))});
  }

  std::unique_ptr<SnapshotWriter> begin() {
    auto writer = series->begin_snapshot();
    TIMESTORE_CHECK(writer.has_value(), writer.error().message.c_str());
    TIMESTORE_CHECK(*writer != nullptr, "no reader is in the way");
    return std::move(*writer);
  }
  static std::unique_ptr<Snapshot> finish(SnapshotWriter& writer) {
    for (;;) {
      auto snapshot = writer.step(10'000);
      TIMESTORE_CHECK(snapshot.has_value(), snapshot.error().message.c_str());
      if (*snapshot != nullptr) return std::move(*snapshot);
    }
  }
  std::unique_ptr<Snapshot> take() { return finish(*begin()); }

  Result<std::unique_ptr<IncomingSnapshot>> try_to_receive(const SnapshotMeta& meta) const {
    return IncomingSnapshot::open(receiver.path("series.db"), receiver.vfs(), meta);
  }
  std::unique_ptr<IncomingSnapshot> receive(const SnapshotMeta& meta) const {
    auto incoming = try_to_receive(meta);
    TIMESTORE_CHECK(incoming.has_value(), incoming.error().message.c_str());
    return std::move(*incoming);
  }

  // Sends what is missing, in chunks; at most up to `end`.
  static Result<void> send(const std::string& bytes, IncomingSnapshot& incoming,
                           std::size_t chunk_bytes = 3 * kPageBytes, std::size_t end = std::string::npos) {
    while (incoming.next_offset() < std::min(end, bytes.size())) {
      const auto chunk = bytes_of(bytes.substr(incoming.next_offset(), chunk_bytes));
      auto arrived = incoming.add_chunk(incoming.next_offset(), chunk, chunk_checksum(chunk));
      if (!arrived) return tl::unexpected(arrived.error());
      EXPECT_EQ(*arrived, IncomingSnapshot::Arrival::kTaken);
      if (*arrived != IncomingSnapshot::Arrival::kTaken) break;
    }
    return {};
  }

  // What becomes of bytes that are announced as they are, or as `meta` says; empty when they are accepted.
  std::string verdict_on(const std::string& bytes, const SnapshotMeta& meta) {
    auto incoming = receive(meta);
    auto done = send(bytes, *incoming);
    if (done) done = incoming->finish();
    if (done) return "";
    EXPECT_FALSE(receiver.exists("series.db-incoming")) << "a refused snapshot is removed";
    EXPECT_FALSE(receiver.exists("series.db-incoming-offer"));
    EXPECT_FALSE(incoming->add_chunk(0, {}, 0).has_value()) << "it is over";
    return done.error().message;
  }

  Disk receiver;
};

}  // namespace timestore::store
