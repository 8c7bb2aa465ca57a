#include "engine/store/series/incoming_snapshot.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/mark.h"
#include "engine/store/series/series_format.h"
#include "engine/store/sqlite/file_format.h"

namespace timestore::store {

namespace {

constexpr std::size_t kRewrittenBytes = 16 * kPageBytes;  // read and written at once when it is resumed

// So much is written before it is synced, so that no sync takes long and the last one is no exception.
constexpr std::uint64_t kSyncBytes = std::uint64_t{4} << 20;

std::string incoming_path(const std::string& series_path) { return series_path + "-incoming"; }
std::string offer_path(const std::string& series_path) { return series_path + "-incoming-offer"; }

// ---- what was announced, as it stands in a file: words of 8 bytes, little-endian, the last one a checksum

constexpr std::uint64_t kOfferMagic = 0x31726f6674537354;  // "TsStfor1"
using OfferBytes = std::array<std::uint8_t, 7 * 8>;

OfferBytes encode_offer(const SnapshotMeta& meta) {
  std::array<std::uint64_t, 7> words = {kOfferMagic,     meta.applied.index, meta.applied.term,
                                        meta.state_hash, meta.size_bytes,    meta.checksum};
  RowChecksum checksum;
  for (std::size_t word = 0; word < 6; ++word) checksum.add(words[word]);
  words[6] = checksum.value();
  OfferBytes bytes;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    bytes[at] = static_cast<std::uint8_t>(words[at / 8] >> (8 * (at % 8)) & 0xff);
  }
  return bytes;
}

// None: there is no offer, or a crash has torn it.
Result<std::optional<SnapshotMeta>> read_offer(const std::string& series_path, const std::string& vfs) {
  auto exists = file_exists(offer_path(series_path), vfs);
  if (!exists) return tl::unexpected(std::move(exists.error()));
  if (!*exists) return std::nullopt;
  auto file = PlainFile::open(offer_path(series_path), vfs, PlainFile::Mode::kExisting);
  if (!file) return tl::unexpected(std::move(file.error()));
  auto size = file->size_bytes();
  if (!size) return tl::unexpected(std::move(size.error()));
  OfferBytes bytes;
  if (*size != bytes.size()) return std::nullopt;
  if (auto read = file->read(bytes, 0); !read) return tl::unexpected(std::move(read.error()));
  const auto word = [&bytes](std::size_t number) {
    std::uint64_t value = 0;
    for (std::size_t at = 8; at-- > 0;) value = value << 8 | bytes[8 * number + at];
    return value;
  };
  const SnapshotMeta meta{.applied = {.term = word(2), .index = word(1)},
                          .state_hash = word(3),
                          .size_bytes = word(4),
                          .checksum = word(5)};
  if (encode_offer(meta) != bytes) return std::nullopt;
  return meta;
}

Result<void> write_offer(const std::string& series_path, const std::string& vfs, const SnapshotMeta& meta) {
  auto file = PlainFile::open(offer_path(series_path), vfs, PlainFile::Mode::kNew);
  if (!file) return tl::unexpected(std::move(file.error()));
  if (auto written = file->write(encode_offer(meta), 0); !written) return written;
  return file->sync();
}

// First the offer: without it the content is worth nothing, and is removed with the next occasion.
Result<void> remove_both(const std::string& series_path, const std::string& vfs) {
  if (auto removed = remove_file(offer_path(series_path), vfs); !removed) return removed;
  return remove_file(incoming_path(series_path), vfs);
}

bool can_be(const SnapshotMeta& meta) {
  return meta.size_bytes > 0 && meta.size_bytes % kPageBytes == 0 &&
         meta.size_bytes / kPageBytes < std::uint64_t{1} << 32 && meta.applied.index <= kMaxSeriesIndex;
}

}  // namespace

IncomingSnapshot::IncomingSnapshot(std::string path, std::string vfs, const SnapshotMeta& meta, PlainFile file)
    : path_(std::move(path)), vfs_(std::move(vfs)), meta_(meta), file_(std::move(file)) {}

Result<std::unique_ptr<IncomingSnapshot>> IncomingSnapshot::open(const std::string& series_path, const std::string& vfs,
                                                                 const SnapshotMeta& announced) {
  if (!can_be(announced))
    return fail("The snapshot that was announced is no series file: its size or position is wrong.");
  auto offer = read_offer(series_path, vfs);
  if (!offer) return tl::unexpected(std::move(offer.error()));
  auto exists = file_exists(incoming_path(series_path), vfs);
  if (!exists) return tl::unexpected(std::move(exists.error()));
  const bool resumes = *exists && *offer == announced;
  if (!resumes) {
    if (auto removed = remove_both(series_path, vfs); !removed) return tl::unexpected(std::move(removed.error()));
    if (auto written = write_offer(series_path, vfs, announced); !written) {
      return tl::unexpected(std::move(written.error()));
    }
  }
  auto file =
      PlainFile::open(incoming_path(series_path), vfs, resumes ? PlainFile::Mode::kExisting : PlainFile::Mode::kNew);
  if (!file) return tl::unexpected(std::move(file.error()));
  std::unique_ptr<IncomingSnapshot> snapshot(new IncomingSnapshot(series_path, vfs, announced, std::move(*file)));
  auto ready = resumes ? snapshot->resume() : snapshot->file_->sync();
  if (!ready) return snapshot->give_up(std::move(ready.error()));
  return snapshot;
}

Result<void> IncomingSnapshot::remove_stale(const std::string& series_path, const std::string& vfs,
                                            raft::Position applied) {
  auto offer = read_offer(series_path, vfs);
  if (!offer) return tl::unexpected(std::move(offer.error()));
  if (*offer && (*offer)->applied.index > applied.index) return {};
  return remove_both(series_path, vfs);
}

// Goes on after the last page that proves to be whole. An empty page proves nothing: it may be one that a loss of power
// took back.
Result<void> IncomingSnapshot::resume() {
  auto size = file_->size_bytes();
  if (!size) return tl::unexpected(std::move(size.error()));
  const std::uint64_t end = std::min(*size / kPageBytes * kPageBytes, meta_.size_bytes);
  std::vector<std::uint8_t> piece;
  bool is_whole = true;
  while (is_whole && next_offset() < end) {
    piece.resize(std::min<std::uint64_t>(kRewrittenBytes, end - next_offset()));
    if (auto read = file_->read(piece, next_offset()); !read) return read;
    const std::uint64_t offset = next_offset();
    for (std::size_t at = 0; at < piece.size() && is_whole; at += kPageBytes) {
      const std::span page = std::span(piece).subspan(at, kPageBytes);
      is_whole = !is_empty_page(page) && census_.add(page).has_value();
    }
    const std::span whole = std::span(piece).first(next_offset() - offset);
    if (auto written = file_->write(whole, offset); !written) return written;
  }
  if (next_offset() > 0) TIMESTORE_MARK("store: a snapshot went on after a restart");
  return file_->truncate(next_offset());
}

Result<IncomingSnapshot::Arrival> IncomingSnapshot::add_chunk(std::uint64_t offset, std::span<const std::uint8_t> bytes,
                                                              std::uint32_t checksum) {
  if (failure_) return tl::unexpected(*failure_);
  if (offset != next_offset()) return Arrival::kOutOfOrder;
  if (bytes.size() % kPageBytes != 0 || bytes.size() > meta_.size_bytes - offset || chunk_checksum(bytes) != checksum) {
    return Arrival::kTorn;
  }
  if (auto taken = take(bytes); !taken) return give_up(std::move(taken.error()));
  return Arrival::kTaken;
}

Result<void> IncomingSnapshot::take(std::span<const std::uint8_t> bytes) {
  if (auto written = file_->write(bytes, next_offset()); !written) return written;
  for (std::size_t at = 0; at < bytes.size(); at += kPageBytes) {
    auto counted = census_.add(bytes.subspan(at, kPageBytes));
    if (!counted) return fail("The snapshot that another node sent is damaged: " + counted.error().message + ".");
  }
  unsynced_bytes_ += bytes.size();
  if (unsynced_bytes_ < kSyncBytes) return {};
  unsynced_bytes_ = 0;
  return file_->sync();
}

Result<void> IncomingSnapshot::finish() {
  if (failure_) return tl::unexpected(*failure_);
  TIMESTORE_CHECK(is_complete(), "a snapshot is finished when all of it is there");
  if (auto verified = verify(); !verified) return give_up(std::move(verified.error()));
  is_finished_ = true;
  TIMESTORE_MARK("store: a snapshot arrived");
  return {};
}

Result<void> IncomingSnapshot::verify() {
  if (census_.checksum() != meta_.checksum) {
    return fail("The snapshot that another node sent is not the one that it announced: its checksum differs.");
  }
  auto explained = census_.check_empty_pages([this](std::uint64_t number, std::span<std::uint8_t> into) {
    return file_->read(into, (number - 1) * kPageBytes);
  });
  if (!explained) return fail("The snapshot that another node sent is damaged: " + explained.error().message + ".");
  if (auto synced = file_->sync(); !synced) return synced;
  return verify_content();
}

// It must be what we would have written ourselves: the same tables, and the state that was announced.
Result<void> IncomingSnapshot::verify_content() {
  constexpr const char* kAttempt = "look into a snapshot";
  auto database = open_for_reading(incoming_path(path_), vfs_, series_format(), Database::Access::kImmutable);
  if (!database) return tl::unexpected(std::move(database.error()));
  if (auto same = expect_schema(*database, vfs_, series_format()); !same) return same;
  auto select_meta = database->prepare(kAttempt, kSelectMeta);
  if (!select_meta) return tl::unexpected(std::move(select_meta.error()));
  auto meta = read_meta(*select_meta, incoming_path(path_));
  if (!meta) return tl::unexpected(std::move(meta.error()));
  level_ = meta->level;
  auto pages = database->integer(kAttempt, "PRAGMA page_count");
  if (!pages) return tl::unexpected(std::move(pages.error()));
  if (meta->applied == meta_.applied && meta->state_hash == meta_.state_hash &&
      static_cast<std::uint64_t>(*pages) == census_.pages()) {
    return {};
  }
  return fail("The snapshot that another node sent is not the one that it announced: it is the state after entry " +
              std::to_string(meta->applied.index) + ".");
}

Result<void> IncomingSnapshot::take_place_of(const std::string& series_path) {
  TIMESTORE_CHECK(is_finished_, "a snapshot is verified before it is installed");
  if (auto renamed = file_->rename(series_path); !renamed) return renamed;
  file_.reset();  // before SQLite opens it: closing any descriptor of a file drops the locks of the whole process on it
  return remove_file(offer_path(series_path), vfs_);
}

// If the files cannot be removed now, they are when something is offered next, or when the series file is opened.
tl::unexpected<Error> IncomingSnapshot::give_up(Error cause) {
  TIMESTORE_MARK("store: an incoming snapshot was given up");
  static_cast<void>(remove_both(path_, vfs_));
  failure_ = cause;
  return tl::unexpected(std::move(cause));
}

}  // namespace timestore::store
