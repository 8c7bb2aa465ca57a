// The pieces of a segment as a query's source: what is measured is what a store would do, without SQLite.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/query/source.h"
#include "engine/store/points/piece.h"

namespace timestore::query {

class PieceSource : public Source {
 public:
  // Points in their order, of which none replaces another.
  PieceSource(std::vector<Series> series, const std::vector<points::Point>& points, points::PieceOptions options = {});

  // Decodes all blocks now, so that later none is.
  void decode_all();

  Result<void> list(const SeriesWanted& wanted, const std::function<void(Series&&)>& tell) override;
  Result<std::unique_ptr<BatchCursor>> read(const Reading& reading) override;
  Result<std::unique_ptr<points::PointCursor>> read_log(const Reading& reading, Seq after) override;

 private:
  friend class PieceCursor;
  struct Decoded {
    points::BlockColumns columns;
    points::BlockIdentities identities;
  };

  // A wide block, or one series' part of a narrow one, which is decoded at once.
  struct Block {
    BatchHead head;
    points::BlockStatistics statistics;
    size_t piece = 0;
    size_t number = 0;
    std::unique_ptr<Decoded> decoded;
  };

  void split_narrow(size_t piece, size_t number);

  std::vector<Series> series_;
  std::vector<points::Piece> pieces_;
  std::vector<points::PieceReader> readers_;
  std::map<SeriesNumber, std::vector<std::unique_ptr<Block>>> blocks_;
};

}  // namespace timestore::query
