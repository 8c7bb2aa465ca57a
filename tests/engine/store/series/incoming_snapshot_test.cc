#include <algorithm>

#include "tests/engine/store/series/snapshot_story.h"
#include "tests/engine/store/sqlite/shell.h"

namespace timestore::store::incoming_snapshot_test {
namespace {

using Arrival = IncomingSnapshot::Arrival;
using testing::AllOf;
using testing::HasSubstr;

class Incoming : public SnapshotStory {
 protected:
  void SetUp() override {
    SnapshotStory::SetUp();
    fill(20);
    const auto snapshot = take();
    meta = snapshot->meta();
    bytes = bytes_of(*snapshot);
    ASSERT_GT(bytes.size(), 10U * kPageBytes);
  }

  // What an honest node would announce of these bytes, if they were a snapshot.
  SnapshotMeta announcement_of(const std::string& file) const {
    SnapshotMeta honest = meta;
    honest.size_bytes = file.size();
    PageCensus census;
    for (std::size_t at = 0; at < file.size(); at += kPageBytes) {
      if (!census.add(bytes_of(file.substr(at, kPageBytes)))) break;
    }
    honest.checksum = census.checksum();
    return honest;
  }

  SnapshotMeta meta;
  std::string bytes;
};

TEST_F(Incoming, a_snapshot_arrives_in_chunks_of_any_size) {
  for (const std::size_t pages : {1U, 2U, 7U, 1000U}) {
    auto incoming = receive(meta);
    ASSERT_TRUE(send(bytes, *incoming, pages * kPageBytes).has_value());
    EXPECT_TRUE(incoming->is_complete());
    const auto finished = incoming->finish();
    ASSERT_TRUE(finished.has_value()) << finished.error().message;
    EXPECT_TRUE(receiver.read("series.db-incoming") == bytes);
    for (const char* file : {"series.db-incoming-wal", "series.db-incoming-shm", "series.db-incoming-journal"}) {
      EXPECT_FALSE(receiver.exists(file)) << file;
    }
    incoming.reset();
    ASSERT_TRUE(IncomingSnapshot::remove_stale(receiver.path("series.db"), receiver.vfs(), meta.applied).has_value());
    EXPECT_FALSE(receiver.exists("series.db-incoming"));
  }
}

TEST_F(Incoming, what_comes_out_of_order_or_torn_is_not_taken) {
  auto incoming = receive(meta);
  ASSERT_TRUE(send(bytes, *incoming, kPageBytes, 4 * kPageBytes).has_value());
  const auto next = bytes_of(bytes.substr(4 * kPageBytes, 2 * kPageBytes));
  const std::uint32_t checksum = chunk_checksum(next);
  EXPECT_EQ(incoming->add_chunk(3 * kPageBytes, next, checksum), Arrival::kOutOfOrder);
  EXPECT_EQ(incoming->add_chunk(6 * kPageBytes, next, checksum), Arrival::kOutOfOrder);
  EXPECT_EQ(incoming->add_chunk(4 * kPageBytes, next, checksum ^ 1), Arrival::kTorn);
  const auto odd = std::span(next).first(kPageBytes + 1);
  EXPECT_EQ(incoming->add_chunk(4 * kPageBytes, odd, chunk_checksum(odd)), Arrival::kTorn);
  const auto beyond = bytes_of(bytes.substr(4 * kPageBytes) + std::string(kPageBytes, 'x'));
  EXPECT_EQ(incoming->add_chunk(4 * kPageBytes, beyond, chunk_checksum(beyond)), Arrival::kTorn);
  EXPECT_EQ(incoming->next_offset(), 4U * kPageBytes);
  EXPECT_EQ(incoming->add_chunk(4 * kPageBytes, next, checksum), Arrival::kTaken);
  ASSERT_TRUE(send(bytes, *incoming).has_value());
  EXPECT_TRUE(incoming->finish().has_value());
}

TEST_F(Incoming, the_same_snapshot_goes_on_where_it_ended) {
  auto incoming = receive(meta);
  ASSERT_TRUE(send(bytes, *incoming, kPageBytes, 5 * kPageBytes).has_value());
  incoming.reset();
  incoming = receive(meta);
  EXPECT_EQ(incoming->next_offset(), 5U * kPageBytes);
  ASSERT_TRUE(send(bytes, *incoming).has_value());
  incoming.reset();
  incoming = receive(meta);
  EXPECT_TRUE(incoming->is_complete());
  EXPECT_TRUE(incoming->finish().has_value());
  EXPECT_TRUE(receiver.read("series.db-incoming") == bytes);
}

TEST_F(Incoming, after_a_crash_it_goes_on_after_the_last_page_that_is_whole) {
  auto incoming = receive(meta);
  ASSERT_TRUE(send(bytes, *incoming, kPageBytes, 8 * kPageBytes).has_value());
  const std::string arrived = receiver.read("series.db-incoming");
  for (std::size_t page = 0; page < 8; ++page) {
    std::string torn = arrived;
    torn.replace(page * kPageBytes + 512, 512, 512, '\xff');
    std::string lost = arrived;
    lost.replace(page * kPageBytes, kPageBytes, kPageBytes, '\0');
    const std::string cut = arrived.substr(0, page * kPageBytes + 512);
    for (const std::string& left : {torn, lost, cut, cut.substr(0, page * kPageBytes)}) {
      const auto crashed = receiver.after_kill();
      crashed->write("series.db-incoming", left);
      auto again = IncomingSnapshot::open(crashed->path("series.db"), crashed->vfs(), meta).value();
      EXPECT_EQ(again->next_offset(), page * kPageBytes);
      ASSERT_TRUE(send(bytes, *again).has_value());
      EXPECT_TRUE(again->finish().has_value());
      EXPECT_TRUE(crashed->read("series.db-incoming") == bytes);
    }
  }
}

// Linux shows what a failed sync has not written. Believed without being written again, it would be lost here.
TEST_F(Incoming, what_is_finished_is_durable_although_an_earlier_sync_failed) {
  auto incoming = receive(meta);
  ASSERT_TRUE(send(bytes, *incoming, kPageBytes, 8 * kPageBytes).has_value());
  incoming.reset();
  auto file = PlainFile::open(receiver.path("series.db-incoming"), receiver.vfs(), PlainFile::Mode::kExisting).value();
  receiver.fail_at(1);
  ASSERT_FALSE(file.sync().has_value());

  incoming = receive(meta);
  EXPECT_EQ(incoming->next_offset(), 8U * kPageBytes);
  ASSERT_TRUE(send(bytes, *incoming).has_value());
  ASSERT_TRUE(incoming->finish().has_value());
  EXPECT_TRUE(receiver.after_power_cut()->read("series.db-incoming") == bytes);
}

TEST_F(Incoming, another_snapshot_begins_from_the_start) {
  auto incoming = receive(meta);
  ASSERT_TRUE(send(bytes, *incoming, kPageBytes, 5 * kPageBytes).has_value());
  incoming.reset();
  SnapshotMeta other = meta;
  ++other.applied.index;
  incoming = receive(other);
  EXPECT_EQ(incoming->next_offset(), 0U);
  incoming.reset();
  EXPECT_EQ(receive(meta)->next_offset(), 0U) << "the first one was given up";
}

TEST_F(Incoming, an_offer_that_a_crash_has_torn_is_none) {
  auto incoming = receive(meta);
  ASSERT_TRUE(send(bytes, *incoming, kPageBytes, 5 * kPageBytes).has_value());
  incoming.reset();
  receiver.flip_bit("series.db-incoming-offer", 20, 1);
  EXPECT_EQ(receive(meta)->next_offset(), 0U);
  receiver.write("series.db-incoming-offer", "short");
  EXPECT_EQ(receive(meta)->next_offset(), 0U);
}

TEST_F(Incoming, what_tells_a_series_file_nothing_new_is_removed_when_it_is_opened) {
  auto incoming = receive(meta);
  ASSERT_TRUE(send(bytes, *incoming, kPageBytes, 5 * kPageBytes).has_value());
  incoming.reset();
  auto behind = open_series(receiver);
  EXPECT_EQ(receive(meta)->next_offset(), 5U * kPageBytes);
  std::vector<raft::Entry> entries(meta.applied.index, noop(1));
  ASSERT_TRUE(behind->apply(1, entries).has_value());
  behind.reset();
  behind = open_series(receiver);
  EXPECT_FALSE(receiver.exists("series.db-incoming"));
  EXPECT_FALSE(receiver.exists("series.db-incoming-offer"));
}

// ------------------------------------------------------------------------------------- damaged, or hostile

TEST_F(Incoming, a_bit_that_flipped_anywhere_is_named_and_all_of_it_removed) {
  for (std::size_t offset = 0; offset < bytes.size(); offset += 1999) {
    std::string rotten = bytes;
    rotten[offset] = static_cast<char>(rotten[offset] ^ 4);
    EXPECT_THAT(verdict_on(rotten, meta),
                AllOf(HasSubstr("another node sent is damaged"),
                      HasSubstr("page " + std::to_string(offset / kPageBytes + 1) + " fails its checksum")));
  }
}

TEST_F(Incoming, a_page_that_is_lost_is_named) {
  std::string lost = bytes;
  lost.replace(5 * kPageBytes, kPageBytes, kPageBytes, '\0');
  EXPECT_THAT(verdict_on(lost, announcement_of(lost)), HasSubstr("page 6 is empty and not free"));
}

TEST_F(Incoming, what_is_not_what_was_announced_is_refused) {
  SnapshotMeta other = meta;
  other.checksum ^= 1;
  EXPECT_THAT(verdict_on(bytes, other), HasSubstr("is not the one that it announced: its checksum differs"));
  other = meta;
  other.state_hash ^= 1;
  EXPECT_THAT(verdict_on(bytes, other), HasSubstr("is not the one that it announced"));
  other = meta;
  ++other.applied.index;
  EXPECT_THAT(verdict_on(bytes, other), HasSubstr("it is the state after entry " + std::to_string(meta.applied.index)));
}

TEST_F(Incoming, a_file_that_is_shorter_than_it_says_is_refused) {
  const std::string cut = bytes.substr(0, bytes.size() - kPageBytes);
  EXPECT_NE(verdict_on(cut, announcement_of(cut)), "");
}

TEST_F(Incoming, what_cannot_be_a_series_file_is_refused_at_once) {
  SnapshotMeta impossible = meta;
  for (const std::uint64_t size : {std::uint64_t{0}, meta.size_bytes + 1, std::uint64_t{1} << 60}) {
    impossible.size_bytes = size;
    EXPECT_THAT(try_to_receive(impossible).error().message, HasSubstr("is no series file"));
  }
  impossible = meta;
  impossible.applied.index = raft::kMaxIndex + 1;
  EXPECT_FALSE(try_to_receive(impossible).has_value());
}

// Whoever forges the checksums of pages, too, is still asked for the tables of a series file.
TEST_F(Incoming, a_file_with_other_tables_is_refused) {
  for (const char* sql : {"CREATE TRIGGER hostile AFTER INSERT ON pieces BEGIN DELETE FROM pieces; END",
                          "DROP INDEX pieces_by_place", "ALTER TABLE series ADD COLUMN more"}) {
    Disk forger;
    forger.write("series.db", bytes);
    execute(forger, "series.db", sql);
    const std::string forged = forger.read("series.db");
    EXPECT_THAT(verdict_on(forged, announcement_of(forged)), HasSubstr("has other tables than a series file")) << sql;
  }
}

TEST_F(Incoming, tells_the_level_of_the_state_that_it_is) {
  fill(3);
  apply(std::vector{level_entry(1, 2)});
  const auto snapshot = take();
  auto incoming = receive(snapshot->meta());
  ASSERT_TRUE(send(bytes_of(*snapshot), *incoming).has_value());
  ASSERT_TRUE(incoming->finish().has_value());
  EXPECT_EQ(incoming->level(), 2U);
  auto target = SeriesFile::open(receiver.path("series.db"), receiver.vfs()).value();
  ASSERT_EQ(target->level(), 0U);
  ASSERT_TRUE(target->install(*incoming).value());
  EXPECT_EQ(target->level(), 2U);
}

TEST_F(Incoming, brings_the_id_of_the_cluster_of_the_state_that_it_is) {
  constexpr raft::ClusterId kCluster{.high = 7, .low = 9};
  fill(3);
  apply(std::vector{raft::Entry{1, raft::EntryKind::kNoop, raft::Payload(raft::encode_cluster(kCluster))}});
  const auto snapshot = take();
  auto incoming = receive(snapshot->meta());
  ASSERT_TRUE(send(bytes_of(*snapshot), *incoming).has_value());
  ASSERT_TRUE(incoming->finish().has_value());
  auto target = SeriesFile::open(receiver.path("series.db"), receiver.vfs()).value();
  ASSERT_FALSE(target->cluster().is_known());
  ASSERT_TRUE(target->install(*incoming).value());
  EXPECT_EQ(target->cluster(), kCluster);
}

TEST_F(Incoming, a_file_of_another_kind_or_version_is_refused) {
  Disk forger;
  forger.write("series.db", bytes);
  execute(forger, "series.db", "PRAGMA user_version = 9");
  const std::string newer = forger.read("series.db");
  EXPECT_THAT(verdict_on(newer, announcement_of(newer)), HasSubstr("start the newer program"));
  execute(forger, "series.db", "PRAGMA user_version = 1; PRAGMA application_id = 1");
  const std::string foreign = forger.read("series.db");
  EXPECT_THAT(verdict_on(foreign, announcement_of(foreign)), HasSubstr("is not a Time Store DB series file"));
}

TEST_F(Incoming, after_any_failure_of_the_disk_it_can_be_sent_again) {
  int failures = 0;
  for (int operation = 1;; ++operation) {
    Disk failing;
    failing.fail_at(operation);
    auto incoming = IncomingSnapshot::open(failing.path("series.db"), failing.vfs(), meta);
    auto done = incoming ? send(bytes, **incoming, 4 * kPageBytes) : tl::unexpected(incoming.error());
    if (done) done = (*incoming)->finish();
    if (!failing.has_failed()) {
      EXPECT_TRUE(done.has_value());
      break;
    }
    ++failures;
    EXPECT_FALSE(done.has_value());
    if (incoming) incoming->reset();
    auto again = IncomingSnapshot::open(failing.path("series.db"), failing.vfs(), meta).value();
    ASSERT_TRUE(send(bytes, *again).has_value());
    ASSERT_TRUE(again->finish().has_value());
    EXPECT_TRUE(failing.after_power_cut()->read("series.db-incoming") == bytes);
  }
  EXPECT_GT(failures, 8);
}

}  // namespace
}  // namespace timestore::store::incoming_snapshot_test
