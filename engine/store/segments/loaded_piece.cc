#include "engine/store/segments/loaded_piece.h"

#include <utility>

#include "engine/store/sqlite/file_format.h"

namespace timestore::segments {

Result<PieceBytesReader> PieceBytesReader::open(store::Database& database) {
  constexpr const char* kAttempt = "read a piece of a segment";
  auto data = database.prepare(kAttempt, "SELECT data FROM pieces WHERE key = ?1");
  if (!data) return tl::unexpected(std::move(data.error()));
  auto more = database.prepare(kAttempt, "SELECT more FROM pieces WHERE key = ?1");
  if (!more) return tl::unexpected(std::move(more.error()));
  return PieceBytesReader(database.path(), std::move(*data), std::move(*more));
}

Result<std::string> PieceBytesReader::read(store::Statement& select, std::int64_t key) {
  const store::ResetAtEnd reset(select);
  auto is_there = select.bind_integer(1, key).step();
  if (!is_there) return tl::unexpected(std::move(is_there.error()));
  if (!*is_there) return store::damaged(path_, "piece " + std::to_string(key) + " is listed and is not there");
  return std::string(select.bytes(0));
}

Result<std::shared_ptr<const OpenPiece>> OpenPiece::open(std::string data) {
  const std::shared_ptr<OpenPiece> piece(new OpenPiece(std::move(data)));
  auto reader = points::PieceReader::open(piece->data_);
  if (!reader) return tl::unexpected(std::move(reader.error()));
  piece->reader_.emplace(std::move(*reader));
  return piece;
}

std::size_t OpenPiece::size_bytes() const {
  constexpr std::size_t kBlockBytes = sizeof(points::BlockHead) + 2 * sizeof(std::size_t);  // and where it begins
  return sizeof(OpenPiece) + data_.size() + reader_->blocks().size() * kBlockBytes;
}

// When there is no room, all that is kept goes: so a few pieces that are asked for again and again are soon there
// again, and a walk through everything costs no book-keeping.
Result<std::shared_ptr<const OpenPiece>> PieceBytesReader::piece(std::int64_t key) {
  if (const auto known = kept_.find(key); known != kept_.end()) return known->second;
  auto data = read(data_, key);
  if (!data) return tl::unexpected(std::move(data.error()));
  auto piece = OpenPiece::open(std::move(*data));
  if (!piece || most_bytes_ == 0) return piece;
  const std::size_t bytes = (*piece)->size_bytes();
  if (kept_bytes_ + bytes > most_bytes_) forget();
  kept_bytes_ += bytes;
  kept_.emplace(key, *piece);
  return piece;
}

void PieceBytesReader::forget() {
  kept_.clear();
  kept_bytes_ = 0;
}

std::size_t LoadedPiece::size_bytes() const {
  const std::size_t bytes = (open_ ? open_->size_bytes() : 0) + (more_ ? more_->size() : 0);
  return bytes + narrow_.size() * sizeof(DecodedBlock);
}

void LoadedPiece::unload() {
  narrow_.clear();
  open_.reset();
  more_.reset();
}

Result<const std::vector<points::BlockHead>*> LoadedPiece::heads(PieceBytesReader& bytes) {
  if (!open_) {
    auto piece = bytes.piece(address_.key);
    if (!piece) return tl::unexpected(std::move(piece.error()));
    open_ = std::move(*piece);
  }
  return &open_->reader().blocks();
}

Result<void> LoadedPiece::read(std::size_t block, points::BlockColumns& columns) const {
  return open_->reader().read(block, columns);
}

Result<void> LoadedPiece::read_identities(std::size_t block, PieceBytesReader& bytes, DecodedBlock& decoded) {
  if (!more_) {
    auto more = bytes.more(address_.key);
    if (!more) return tl::unexpected(std::move(more.error()));
    more_ = std::make_unique<const std::string>(std::move(*more));
  }
  return open_->reader().read_more(block, *more_, decoded.columns, decoded.identities);
}

Result<const DecodedBlock*> LoadedPiece::narrow(std::size_t block) {
  const auto known = narrow_.find(block);
  if (known != narrow_.end()) return &*known->second.block;
  Narrow narrow;
  if (auto read = open_->reader().read(block, narrow.block->columns); !read)
    return tl::unexpected(std::move(read.error()));
  return &*narrow_.emplace(block, std::move(narrow)).first->second.block;
}

Result<const DecodedBlock*> LoadedPiece::narrow_with_identities(std::size_t block, PieceBytesReader& bytes) {
  if (auto decoded = narrow(block); !decoded) return decoded;
  Narrow& narrow = narrow_.at(block);
  if (!narrow.has_identities) {
    auto read = read_identities(block, bytes, *narrow.block);
    if (!read) return tl::unexpected(std::move(read.error()));
    narrow.has_identities = true;
  }
  return &*narrow.block;
}

}  // namespace timestore::segments
