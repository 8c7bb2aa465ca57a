// A piece: blocks of neighbouring series, about 16 KiB of them, in two strings of bytes.
//
//   data  how many blocks, less one: varint; their heads (block.h); their columns
//   more  their seqs, ids and attributes, in the same order: aggregates never read it
//
// A segment is a run of points in their order (point.h), cut into pieces. Each piece is a row of SQLite's,
// so one page more is read for a series, not one for each point. What one says is a function of its points alone, so
// all nodes write the same.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/store/points/block.h"
#include "engine/store/points/pooled.h"

namespace timestore::points {

struct Piece {
  SeriesNumber first_series = 0;
  SeriesNumber last_series = 0;
  int64_t min_time = 0;
  int64_t max_time = 0;
  Seq first_seq = 0;
  Seq last_seq = 0;
  size_t points = 0;
  std::string data = {};
  std::string more = {};
};

struct PieceOptions {
  size_t max_data_bytes = 16 * 1024;  // one block is never too large, whatever it needs
  size_t max_more_bytes = 64 * 1024;  // likewise
  size_t max_block_points = kMaxBlockPoints;
  size_t max_block_text_bytes = 8 * 1024;  // strings and attributes; one point is never too large
  size_t least_wide_points = 16;           // of a series, else it shares a block with its neighbours
};

// Cuts a run of points into pieces.
class PieceWriter {
 public:
  using Sink = std::function<void(Piece&&)>;
  explicit PieceWriter(Sink sink, PieceOptions options = {});

  // In their order; of one series all have one type. Its texts are copied.
  void add(const Point& point);

  // The last piece leaves. Nothing is added any more.
  void finish();

 private:
  // Points that wait for their block, and the bytes of their texts.
  struct Waiting {
    BlockColumns columns;
    BlockIdentities identities;
    std::string texts;
    std::array<uint32_t, kMaxBlockPoints> text_ends;  // of the value
    std::array<uint32_t, kMaxBlockPoints> attribute_ends;
  };

  static void append(Waiting& to, const Point& point);
  static void resolve(Waiting& waiting);
  static void clear(Waiting& waiting);
  bool has_room(const Waiting& waiting, size_t points, size_t bytes) const;
  void close(Waiting& waiting);
  void end_series();
  void move_series_to_narrow();
  void put_block(const EncodedBlock& block, Seq first_seq, Seq last_seq);
  void put_piece();

  Sink sink_;
  PieceOptions options_;
  Pooled<Waiting> series_;  // the newest points of the present series
  Pooled<Waiting> narrow_;  // whole series before it that have few points each
  bool is_cut_ = false;     // the present series already has a block of its own
  EncodedBlock encoded_;
  BlockHead before_;
  size_t blocks_ = 0;
  std::string heads_, columns_, more_;
  Piece piece_;
};

// The blocks of a piece. Any bytes give blocks or an error; nothing is believed that does not fit.
class PieceReader {
 public:
  // `data` must outlive the reader.
  static Result<PieceReader> open(std::string_view data);

  const std::vector<BlockHead>& blocks() const { return heads_; }

  Result<void> read(size_t block, BlockColumns& columns) const;

  // `columns` are those of the block.
  Result<void> read_more(size_t block, std::string_view more, const BlockColumns& columns,
                         BlockIdentities& identities) const;

 private:
  std::string_view data_;
  std::vector<BlockHead> heads_;
  struct Offsets {
    size_t data = 0;
    size_t more = 0;
  };
  std::vector<Offsets> offsets_;
  size_t more_bytes_ = 0;
};

}  // namespace timestore::points
