#include "engine/store/points/piece.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/base/check.h"
#include "engine/store/points/column.h"

namespace timestore::points {
namespace {

size_t text_bytes(const Point& point) { return point.text.size() + point.attributes.size(); }

}  // namespace

// --- Writing --------------------------------------------------------------------------------------------------------

PieceWriter::PieceWriter(Sink sink, PieceOptions options) : sink_(std::move(sink)), options_(options) {
  clear(*series_);
  clear(*narrow_);
  TIMESTORE_CHECK(options.max_block_points > 0 && options.max_block_points <= kMaxBlockPoints,
                  "a block has 1 to kMaxBlockPoints points");
}

void PieceWriter::append(Waiting& to, const Point& point) {
  const size_t at = to.columns.count;
  append_point(to.columns, to.identities, point);
  to.texts += point.text;
  to.text_ends[at] = static_cast<uint32_t>(to.texts.size());
  to.texts += point.attributes;
  to.attribute_ends[at] = static_cast<uint32_t>(to.texts.size());
}

// Whether a block that holds `waiting` may hold so many more.
bool PieceWriter::has_room(const Waiting& waiting, size_t points, size_t bytes) const {
  if (waiting.columns.count == 0) return true;
  return waiting.columns.count + points <= options_.max_block_points &&
         waiting.texts.size() + bytes <= options_.max_block_text_bytes;
}

void PieceWriter::add(const Point& point) {
  const BlockColumns& present = series_->columns;
  if (present.count > 0 && present.series[0] != point.series) end_series();
  if (!has_room(*series_, 1, text_bytes(point))) {
    close(*narrow_);
    close(*series_);
    is_cut_ = true;
  }
  append(*series_, point);
}

void PieceWriter::end_series() {
  if (is_cut_ || series_->columns.count >= options_.least_wide_points) {
    close(*narrow_);
    close(*series_);
  } else {
    move_series_to_narrow();
  }
  is_cut_ = false;
}

void PieceWriter::move_series_to_narrow() {
  Waiting& from = *series_;
  const bool is_of_its_type = from.columns.type == narrow_->columns.type;
  if (!is_of_its_type || !has_room(*narrow_, from.columns.count, from.texts.size())) close(*narrow_);
  resolve(from);
  for (size_t at = 0; at < from.columns.count; ++at) append(*narrow_, point_at(from.columns, from.identities, at));
  clear(from);
}

// From here on its texts can be read, until more are added.
void PieceWriter::resolve(Waiting& waiting) {
  const std::string_view texts = waiting.texts;
  size_t begin = 0;
  for (size_t at = 0; at < waiting.columns.count; ++at) {
    const size_t middle = waiting.text_ends[at];
    const size_t end = waiting.attribute_ends[at];
    waiting.columns.texts[at] = texts.substr(begin, middle - begin);
    waiting.identities.attributes[at] = texts.substr(middle, end - middle);
    begin = end;
  }
}

void PieceWriter::clear(Waiting& waiting) {
  waiting.columns.count = 0;
  waiting.texts.clear();
}

void PieceWriter::close(Waiting& waiting) {
  if (waiting.columns.count == 0) return;
  resolve(waiting);
  encode_block(waiting.columns, waiting.identities, encoded_);
  const auto seqs = std::span(waiting.identities.seqs).first(waiting.columns.count);
  const auto [first, last] = std::minmax_element(seqs.begin(), seqs.end());
  put_block(encoded_, *first, *last);
  clear(waiting);
}

void PieceWriter::put_block(const EncodedBlock& block, Seq first_seq, Seq last_seq) {
  const size_t data_bytes = heads_.size() + columns_.size() + block.statistics.size() + block.data.size();
  const bool is_full =
      data_bytes > options_.max_data_bytes || more_.size() + block.more.size() > options_.max_more_bytes;
  if (is_full) put_piece();
  const BlockHead& head = block.head;
  if (blocks_ == 0) {
    piece_ = {.first_series = head.first_series,
              .min_time = head.min_time,
              .max_time = head.max_time,
              .first_seq = first_seq,
              .last_seq = last_seq};
    before_ = {};
  }
  piece_.last_series = head.last_series;
  piece_.min_time = std::min(piece_.min_time, head.min_time);
  piece_.max_time = std::max(piece_.max_time, head.max_time);
  piece_.first_seq = std::min(piece_.first_seq, first_seq);
  piece_.last_seq = std::max(piece_.last_seq, last_seq);
  piece_.points += head.count;
  put_head(heads_, block, before_);
  before_ = head;
  columns_ += block.data;
  more_ += block.more;
  ++blocks_;
}

void PieceWriter::put_piece() {
  if (blocks_ == 0) return;
  put_varint(piece_.data, blocks_ - 1);
  piece_.data += heads_;
  piece_.data += columns_;
  piece_.more = std::exchange(more_, {});
  heads_.clear();
  columns_.clear();
  blocks_ = 0;
  sink_(std::move(piece_));
}

void PieceWriter::finish() {
  end_series();
  close(*narrow_);
  put_piece();
}

// --- Reading --------------------------------------------------------------------------------------------------------

Result<PieceReader> PieceReader::open(std::string_view data) {
  ByteReader in(data);
  const auto rest = in.varint();
  if (!rest) return cut_off();
  if (*rest >= data.size()) return fail("a piece claims too many blocks");
  PieceReader reader;
  reader.heads_.reserve(*rest + 1);
  BlockHead before;
  for (uint64_t block = 0; block <= *rest; ++block) {
    auto head = take_head(in, before);
    if (!head) return tl::unexpected(std::move(head.error()));
    before = *head;
    reader.heads_.push_back(std::move(*head));
  }
  reader.data_ = in.left();
  constexpr size_t kMaxBytes = size_t{1} << 40;  // so that no sum overflows
  size_t data_offset = 0;
  size_t more_offset = 0;
  for (const BlockHead& head : reader.heads_) {
    reader.offsets_.push_back({data_offset, more_offset});
    if (head.data_bytes > reader.data_.size() - data_offset || head.more_bytes > kMaxBytes)
      return fail("a piece has blocks that do not fit into it");
    data_offset += head.data_bytes;
    more_offset += head.more_bytes;
  }
  if (data_offset != reader.data_.size()) return fail("a piece is longer than its blocks");
  reader.more_bytes_ = more_offset;
  return reader;
}

Result<void> PieceReader::read(size_t block, BlockColumns& columns) const {
  return decode_columns(heads_.at(block), data_.substr(offsets_[block].data, heads_[block].data_bytes), columns);
}

Result<void> PieceReader::read_more(size_t block, std::string_view more, const BlockColumns& columns,
                                    BlockIdentities& identities) const {
  if (more.size() != more_bytes_) return fail("a piece and its identities do not belong together");
  const std::string_view part = more.substr(offsets_.at(block).more, heads_[block].more_bytes);
  return decode_identities(heads_[block], columns, part, identities);
}

}  // namespace timestore::points
