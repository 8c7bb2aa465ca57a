// A text that comes in pieces, cut into its records wherever the pieces end.
//
// A record that lies within a piece is handed on where it stands. Only the record that a piece cuts off is copied: its
// beginning is kept until its end has come. No byte is looked at twice, however small the pieces are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace timestore {

inline std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return text;
}

// LF, CRLF or none.
inline std::string_view without_line_end(std::string_view record) {
  if (record.ends_with('\n')) record.remove_suffix(1);
  if (record.ends_with('\r')) record.remove_suffix(1);
  return record;
}

// Usually one, at the end.
inline uint64_t count_line_feeds(std::string_view record) {
  uint64_t count = 0;
  for (size_t at = record.find('\n'); at != std::string_view::npos; at = record.find('\n', at + 1)) ++count;
  return count;
}

// End finds where a record ends. End::find(text) gives the place of the record's last byte, or npos; then the next text
// goes on with the same record. After a place the next text begins a new record.
template <typename End>
class Records {
 public:
  explicit Records(size_t max_bytes) : max_bytes_(max_bytes) {}

  struct Fed {
    size_t used_bytes;  // of the piece: all of it, unless take() stopped or a record is too long
    bool is_too_long;   // a record is longer than the limit, its last byte not counted
  };

  // Calls take(record), the last byte included, for each record that ends in the piece, while it returns true.
  template <typename Take>
  [[nodiscard]] Fed feed(const std::string_view piece, Take take) {
    size_t at = 0;
    while (at < piece.size()) {
      const std::string_view rest = piece.substr(at);
      const size_t end = end_.find(rest);
      if (begun_.size() + (end == std::string_view::npos ? rest.size() : end) > max_bytes_) return {at, true};
      if (end == std::string_view::npos) {
        begun_ += rest;
        break;
      }
      at += end + 1;
      if (!(begun_.empty() ? take(rest.substr(0, end + 1)) : take_begun(rest.substr(0, end + 1), take))) {
        return {at, false};
      }
    }
    return {piece.size(), false};
  }

  // The record whose end has not come.
  std::string_view unfinished() const { return begun_; }

 private:
  template <typename Take>
  bool take_begun(std::string_view last_part, Take take) {
    begun_ += last_part;
    const bool goes_on = take(std::string_view(begun_));
    begun_.clear();
    return goes_on;
  }

  const size_t max_bytes_;
  End end_;
  std::string begun_;
};

}  // namespace timestore
