#include "engine/store/series/snapshot.h"

#include <algorithm>
#include <string>

#include "engine/base/check.h"
#include "engine/base/checksum.h"
#include "engine/base/mark.h"
#include "engine/store/sqlite/file_format.h"

namespace timestore::store {

namespace {

constexpr std::uint64_t kCopiedBytes = 16 * kPageBytes;  // copied at once

std::uint64_t whole_pages(std::uint64_t bytes) {
  return std::max<std::uint64_t>(bytes / kPageBytes * kPageBytes, kPageBytes);
}

}  // namespace

std::uint32_t chunk_checksum(std::span<const std::uint8_t> bytes) {
  return crc32({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// -------------------------------------------------------------------------------------------------- Snapshot

Result<SnapshotChunk> Snapshot::read_chunk(std::uint64_t offset, std::uint64_t max_bytes) {
  TIMESTORE_CHECK(offset % kPageBytes == 0 && offset <= meta_.size_bytes, "a chunk begins with a page, or at the end");
  SnapshotChunk chunk;
  chunk.bytes.resize(std::min(whole_pages(max_bytes), meta_.size_bytes - offset));
  if (auto read = file_.read(chunk.bytes, offset); !read) return tl::unexpected(std::move(read.error()));
  for (std::size_t at = 0; at < chunk.bytes.size(); at += kPageBytes) {
    const std::span page = std::span(chunk.bytes).subspan(at, kPageBytes);
    const std::uint64_t number = (offset + at) / kPageBytes + 1;
    if (is_empty_page(page) || is_whole_page(page, number)) continue;
    return fail("Page " + std::to_string(number) + " of a snapshot was damaged since it was made: check the disk.");
  }
  chunk.checksum = chunk_checksum(chunk.bytes);
  return chunk;
}

// -------------------------------------------------------------------------------------------- SnapshotWriter

SnapshotWriter::SnapshotWriter(const SnapshotMeta& meta, Database reader, PlainFile file,
                               std::shared_ptr<const Hold> hold)
    : meta_(meta), reader_(std::move(reader)), file_(std::move(file)), hold_(std::move(hold)) {}

Result<std::unique_ptr<Snapshot>> SnapshotWriter::step(std::uint64_t max_bytes) {
  TIMESTORE_CHECK(reader_.has_value(), "a snapshot is made once");
  auto copied = copy(std::min(whole_pages(max_bytes), meta_.size_bytes - copied_bytes()));
  if (copied && copied_bytes() < meta_.size_bytes) return nullptr;
  if (copied) {
    copied = census_.check_empty_pages([this](std::uint64_t number, std::span<std::uint8_t> into) {
      return file_.read(into, (number - 1) * kPageBytes);
    });
    has_bad_source_ = !copied;
    if (!copied) copied = damaged(reader_->path(), copied.error().message);
  }
  end();
  if (!copied) return tl::unexpected(std::move(copied.error()));
  TIMESTORE_MARK("store: a snapshot was made");
  meta_.checksum = census_.checksum();
  return std::make_unique<Snapshot>(meta_, std::move(file_));
}

void SnapshotWriter::end() {
  reader_.reset();
  hold_.reset();
}

Result<void> SnapshotWriter::copy(std::uint64_t bytes) {
  std::vector<std::uint8_t> piece;
  while (bytes > 0) {
    piece.resize(std::min(bytes, kCopiedBytes));
    const std::uint64_t offset = copied_bytes();
    has_bad_source_ = true;
    if (auto read = reader_->read_raw("copy it", piece, offset); !read) return read;
    for (std::size_t at = 0; at < piece.size(); at += kPageBytes) {
      auto counted = census_.add(std::span(piece).subspan(at, kPageBytes));
      if (!counted) return damaged(reader_->path(), counted.error().message);
    }
    has_bad_source_ = false;
    if (auto written = file_.write(piece, offset); !written) return written;
    bytes -= piece.size();
  }
  return {};
}

}  // namespace timestore::store
