// A piece of a segment as readers of series use it: its bytes come from the file when they are needed, and blocks of
// many small series are decoded once for all of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"
#include "engine/store/points/block_columns.h"
#include "engine/store/points/piece.h"
#include "engine/store/points/pooled.h"
#include "engine/store/segments/place.h"
#include "engine/store/sqlite/sqlite.h"

namespace timestore::segments {

// Where a piece is, and what it may hold. Points that stand before `begin` do not count any more.
struct PieceAddress {
  std::int64_t key = 0;
  Partition partition = 0;
  points::SeriesNumber first_series = 0;
  points::SeriesNumber last_series = 0;
  std::int64_t min_time = 0;
  std::int64_t max_time = 0;
  points::Seq first_seq = 0;
  Place begin = {};
};

// A piece's bytes and the heads of its blocks.
class OpenPiece {
 public:
  [[nodiscard]] static Result<std::shared_ptr<const OpenPiece>> open(std::string data);

  const points::PieceReader& reader() const { return *reader_; }
  std::size_t size_bytes() const;

 private:
  explicit OpenPiece(std::string data) : data_(std::move(data)) {}

  const std::string data_;  // at a fixed place, since what is decoded points into it
  std::optional<points::PieceReader> reader_;
};

// The bytes of pieces, within a transaction of the caller. Some that were read stay in memory until forget().
class PieceBytesReader {
 public:
  // The database must outlive it.
  [[nodiscard]] static Result<PieceBytesReader> open(store::Database& database);

  [[nodiscard]] Result<std::shared_ptr<const OpenPiece>> piece(std::int64_t key);
  [[nodiscard]] Result<std::string> more(std::int64_t key) { return read(more_, key); }

  // From now on what was read is kept, up to so many bytes. Whoever asks for it calls forget() when rows may be others.
  void keep(std::size_t most_bytes) { most_bytes_ = most_bytes; }
  void forget();

 private:
  PieceBytesReader(std::string path, store::Statement data, store::Statement more)
      : path_(std::move(path)), data_(std::move(data)), more_(std::move(more)) {}
  Result<std::string> read(store::Statement& select, std::int64_t key);

  std::string path_;
  store::Statement data_, more_;
  std::size_t most_bytes_ = 0;
  std::size_t kept_bytes_ = 0;
  std::map<std::int64_t, std::shared_ptr<const OpenPiece>> kept_;
};

// A block's points, decoded. Identities take as long as columns, and many readers do not need them.
struct DecodedBlock {
  points::BlockColumns columns;
  points::BlockIdentities identities;
};

class LoadedPiece {
 public:
  explicit LoadedPiece(const PieceAddress& address) : address_(address) {}

  const PieceAddress& address() const { return address_; }
  std::size_t size_bytes() const;  // that it holds in memory
  void unload();                   // nothing that was decoded may be in use

  [[nodiscard]] Result<const std::vector<points::BlockHead>*> heads(PieceBytesReader& bytes);

  // Both require that heads() has succeeded. Texts live until unload().
  [[nodiscard]] Result<void> read(std::size_t block, points::BlockColumns& columns) const;
  [[nodiscard]] Result<void> read_identities(std::size_t block, PieceBytesReader& bytes, DecodedBlock& decoded);

  // A narrow block; it lives until unload(). Requires that heads() has succeeded.
  [[nodiscard]] Result<const DecodedBlock*> narrow(std::size_t block);
  [[nodiscard]] Result<const DecodedBlock*> narrow_with_identities(std::size_t block, PieceBytesReader& bytes);

 private:
  struct Narrow {
    points::Pooled<DecodedBlock> block = {};
    bool has_identities = false;
  };

  PieceAddress address_;
  std::shared_ptr<const OpenPiece> open_;
  std::unique_ptr<const std::string> more_;  // at a fixed place, since what was decoded points into it
  std::map<std::size_t, Narrow> narrow_;
};

}  // namespace timestore::segments
