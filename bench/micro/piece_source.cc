#include "bench/micro/piece_source.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/base/check.h"

namespace timestore::query {

PieceSource::PieceSource(std::vector<Series> series, const std::vector<points::Point>& points,
                         points::PieceOptions options)
    : series_(std::move(series)) {
  points::PieceWriter writer([&](points::Piece&& piece) { pieces_.push_back(std::move(piece)); }, options);
  for (const points::Point& point : points) writer.add(point);
  writer.finish();
  for (const points::Piece& piece : pieces_) {
    auto reader = points::PieceReader::open(piece.data);
    TIMESTORE_CHECK(reader.has_value(), "what was written is read");
    readers_.push_back(std::move(*reader));
  }
  for (size_t piece = 0; piece < pieces_.size(); ++piece) {
    for (size_t number = 0; number < readers_[piece].blocks().size(); ++number) {
      const points::BlockHead& head = readers_[piece].blocks()[number];
      if (head.is_narrow) {
        split_narrow(piece, number);
        continue;
      }
      auto block = std::make_unique<Block>();
      block->head = {.series = head.first_series,
                     .type = head.type,
                     .count = head.count,
                     .first_ns = head.min_time,
                     .last_ns = head.max_time};
      block->statistics = head.statistics;
      if (head.has_statistics) block->head.statistics = &block->statistics;
      block->piece = piece;
      block->number = number;
      blocks_[head.first_series].push_back(std::move(block));
    }
  }
}

void PieceSource::split_narrow(size_t piece, size_t number) {
  const auto whole = std::make_unique<Decoded>();
  TIMESTORE_CHECK(readers_[piece].read(number, whole->columns) &&
                      readers_[piece].read_more(number, pieces_[piece].more, whole->columns, whole->identities),
                  "what was written is read");
  const auto& columns = whole->columns;
  for (size_t begin = 0; begin < columns.count;) {
    size_t end = begin;
    while (end < columns.count && columns.series[end] == columns.series[begin]) ++end;
    auto block = std::make_unique<Block>();
    block->decoded = std::make_unique<Decoded>();
    block->head = {.series = columns.series[begin],
                   .type = columns.type,
                   .count = end - begin,
                   .first_ns = columns.times[begin],
                   .last_ns = columns.times[end - 1]};
    block->decoded->columns.type = columns.type;
    block->decoded->columns.count = end - begin;
    for (size_t at = begin; at < end; ++at) {
      Decoded& part = *block->decoded;
      part.columns.series[at - begin] = columns.series[at];
      part.columns.times[at - begin] = columns.times[at];
      part.columns.bits[at - begin] = columns.bits[at];
      part.columns.texts[at - begin] = columns.texts[at];
      part.columns.are_lines[at - begin] = columns.are_lines[at];
      part.identities.seqs[at - begin] = whole->identities.seqs[at];
      part.identities.ids[at - begin] = whole->identities.ids[at];
      part.identities.attributes[at - begin] = whole->identities.attributes[at];
    }
    blocks_[block->head.series].push_back(std::move(block));
    begin = end;
  }
}

void PieceSource::decode_all() {
  for (auto& [series, blocks] : blocks_) {
    for (auto& block : blocks) {
      if (block->decoded) continue;
      block->decoded = std::make_unique<Decoded>();
      TIMESTORE_CHECK(readers_[block->piece].read(block->number, block->decoded->columns) &&
                          readers_[block->piece].read_more(block->number, pieces_[block->piece].more,
                                                           block->decoded->columns, block->decoded->identities),
                      "what was written is read");
    }
  }
}

Result<void> PieceSource::list(const SeriesWanted&, const std::function<void(Series&&)>& tell) {
  for (const Series& series : series_) tell(Series(series));
  return {};
}

class PieceCursor : public BatchCursor {
 public:
  PieceCursor(PieceSource& source, const Reading& reading)
      : source_(source), reading_(reading), room_(std::make_unique<PieceSource::Decoded>()) {}

  Result<bool> next() override {
    while (true) {
      if (blocks_ != nullptr && at_ < blocks_->size()) {
        const auto& block = (*blocks_)[reading_.is_descending ? blocks_->size() - 1 - at_ : at_];
        ++at_;
        if (block->head.last_ns < reading_.first_ns || block->head.first_ns > reading_.last_ns) continue;
        block_ = block.get();
        has_columns_ = false;
        return true;
      }
      if (series_ == reading_.series.size()) return false;
      const size_t place = reading_.is_descending ? reading_.series.size() - 1 - series_ : series_;
      const auto found = source_.blocks_.find(reading_.series[place]);
      blocks_ = found == source_.blocks_.end() ? nullptr : &found->second;
      at_ = 0;
      ++series_;
    }
  }

  void skip_series() override { blocks_ = nullptr; }
  const BatchHead& head() const override { return block_->head; }

  Result<const points::BlockColumns*> columns() override {
    if (block_->decoded) return &block_->decoded->columns;
    if (has_columns_) return &room_->columns;
    if (auto read = source_.readers_[block_->piece].read(block_->number, room_->columns); !read) {
      return tl::unexpected(read.error());
    }
    has_columns_ = true;
    return &room_->columns;
  }

  Result<const points::BlockIdentities*> identities() override {
    if (block_->decoded) return &block_->decoded->identities;
    if (auto read = columns(); !read) return tl::unexpected(read.error());
    auto read = source_.readers_[block_->piece].read_more(block_->number, source_.pieces_[block_->piece].more,
                                                          room_->columns, room_->identities);
    if (!read) return tl::unexpected(read.error());
    return &room_->identities;
  }

 private:
  PieceSource& source_;
  Reading reading_;
  size_t series_ = 0;  // that were begun
  const std::vector<std::unique_ptr<PieceSource::Block>>* blocks_ = nullptr;
  size_t at_ = 0;
  PieceSource::Block* block_ = nullptr;
  bool has_columns_ = false;  // of the block
  std::unique_ptr<PieceSource::Decoded> room_;
};

Result<std::unique_ptr<BatchCursor>> PieceSource::read(const Reading& reading) {
  return std::make_unique<PieceCursor>(*this, reading);
}

Result<std::unique_ptr<points::PointCursor>> PieceSource::read_log(const Reading&, Seq) {
  return fail("a segment has no order of the log");
}

}  // namespace timestore::query
