#include "engine/formats/line_reader.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "engine/base/checked.h"
#include "engine/base/utf8.h"
#include "engine/formats/line_number.h"

namespace timestore {
namespace {

// What a backslash escapes.
constexpr auto is_special_in_measurement = [](char c) { return c == ',' || c == ' '; };
constexpr auto is_special_in_key = [](char c) { return c == ',' || c == ' ' || c == '='; };
constexpr auto is_special_in_string = [](char c) { return c == '"' || c == '\\'; };

constexpr int64_t kMinLineTime = std::numeric_limits<int64_t>::min() + 2;
constexpr int64_t kMaxLineTime = std::numeric_limits<int64_t>::max() - 1;

// The last multiple of the precision that is not after `time_ns`.
int64_t cut_off(int64_t time_ns, LinePrecision precision) {
  const auto unit = static_cast<int64_t>(precision);
  const int64_t over = time_ns % unit;
  return time_ns - (over < 0 ? over + unit : over);
}

template <typename IsSpecial>
void append_escaped(std::string& out, std::string_view text, IsSpecial is_special) {
  for (const char c : text) {
    if (is_special(c)) out += '\\';
    out += c;
  }
}

std::optional<bool> read_boolean(std::string_view text) {
  for (const std::string_view name : {"t", "T", "true", "True", "TRUE"}) {
    if (text == name) return true;
  }
  for (const std::string_view name : {"f", "F", "false", "False", "FALSE"}) {
    if (text == name) return false;
  }
  return std::nullopt;
}

std::string key_too_long(size_t size_bytes) {
  return "max key length exceeded: " + std::to_string(size_bytes) + " > " + std::to_string(kMaxLineKeyBytes);
}

}  // namespace

template <typename IsStop>
void LineReader::pass(IsStop is_stop) {
  const char* at = at_ + 1;  // not at_ itself: it would be written back before each byte that is read
  while (at != end_ && !(is_stop(*at) && at[-1] != '\\')) ++at;
  at_ = at;
}

template <typename IsStop>
void LineReader::pass_pairs(IsStop is_stop) {
  const char* at = at_;
  while (at != end_ && !is_stop(*at)) at += *at == '\\' && at + 1 != end_ ? 2 : 1;
  at_ = at;
}

// What stands from `begin` to here, without the backslashes before what is special.
template <typename IsSpecial>
std::string_view LineReader::unescaped(const char* begin, IsSpecial is_special) {
  const std::string_view text(begin, static_cast<size_t>(at_ - begin));
  if (!has_backslash_ || text.find('\\') == std::string_view::npos) return text;
  const size_t plain_begin = plain_.size();
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escapes = text[i] == '\\' && i + 1 < text.size() && is_special(text[i + 1]);
    if (escapes) ++i;
    plain_ += text[i];
  }
  return std::string_view(plain_).substr(plain_begin);
}

LineReader::LineReader(LineReading reading) : reading_(reading) {}

tl::expected<Line, std::string> LineReader::read(std::string_view line) {
  begin_ = at_ = line.data();
  end_ = begin_ + line.size();
  tags_.clear();
  fields_.clear();
  has_bare_equals_ = false;
  has_backslash_ = line.find('\\') != std::string_view::npos;
  plain_.clear();
  if (has_backslash_) plain_.reserve(line.size());  // what views point to does not move
  if (!is_valid_utf8(line)) return tl::unexpected<std::string>("invalid UTF-8");
  if (Reason reason = read_key()) return tl::unexpected(*std::move(reason));
  if (Reason reason = read_fields()) return tl::unexpected(*std::move(reason));
  if (Reason reason = check_field_keys()) return tl::unexpected(*std::move(reason));
  if (Reason reason = read_time()) return tl::unexpected(*std::move(reason));
  return Line{
      .text = line, .measurement = measurement_, .tags = tags_, .fields = fields_, .key = key_, .time_ns = time_ns_};
}

LineReader::Reason LineReader::read_key() {
  if (at_ == end_ || *at_ == ',') return "missing measurement";
  pass(is_special_in_measurement);
  if (at_ == end_) return "missing fields";
  measurement_ = unescaped(begin_, is_special_in_measurement);
  if (is_at(',')) {
    if (Reason reason = read_tags()) return reason;
  }
  key_ = std::string_view(begin_, static_cast<size_t>(at_ - begin_));
  if (Reason reason = order_tags()) return reason;
  if (key_.size() > kMaxLineKeyBytes) return key_too_long(key_.size());
  return std::nullopt;
}

// From the comma before the first tag to the space behind the last one.
LineReader::Reason LineReader::read_tags() {
  while (is_at(',')) {
    const char* const key = ++at_;
    if (at_ == end_ || is_special_in_key(*at_)) return "missing tag key";
    pass(is_special_in_key);
    if (!is_at('=')) return "missing tag value";
    const std::string_view plain_key = unescaped(key, is_special_in_key);

    const char* const value = ++at_;
    if (at_ == end_ || *at_ == ',' || *at_ == ' ') return "missing tag value";
    if (*at_ == '=') has_bare_equals_ = true;
    pass(is_special_in_key);
    if (at_ == end_) return "missing fields";
    if (*at_ == '=') return "invalid tag format";
    tags_.push_back({plain_key, unescaped(value, is_special_in_key)});
  }
  return std::nullopt;
}

LineReader::Reason LineReader::order_tags() {
  const auto by_key = [](const LineTag& left, const LineTag& right) { return left.key < right.key; };
  const auto is_not_below = [](const LineTag& left, const LineTag& right) { return left.key >= right.key; };
  const bool is_ordered = std::adjacent_find(tags_.begin(), tags_.end(), is_not_below) == tags_.end();
  if (is_ordered && !has_bare_equals_) return std::nullopt;
  std::sort(tags_.begin(), tags_.end(), by_key);
  if (std::adjacent_find(tags_.begin(), tags_.end(), is_not_below) != tags_.end()) return "duplicate tags";

  ordered_key_.clear();
  append_escaped(ordered_key_, measurement_, is_special_in_measurement);
  for (const LineTag& tag : tags_) {
    ordered_key_ += ',';
    append_escaped(ordered_key_, tag.key, is_special_in_key);
    ordered_key_ += '=';
    append_escaped(ordered_key_, tag.value, is_special_in_key);
  }
  key_ = ordered_key_;
  return std::nullopt;
}

LineReader::Reason LineReader::read_fields() {
  longest_field_key_ = 0;
  skip_white_space();
  while (true) {
    if (Reason reason = read_field()) return reason;
    if (at_ == end_ || *at_ == ' ') return std::nullopt;
    if (*at_ != ',') return "invalid field format";  // something behind the quotes of a string
    ++at_;
  }
}

// Unlike in tags, a backslash is passed over with the byte behind it. So a key that seems to end in backslashes has an
// even number of them: 1.x takes it in one place for ended, in the other for escaped.
LineReader::Reason LineReader::read_field() {
  const char* const key = at_;
  pass_pairs(is_special_in_key);
  if (!is_at('=')) return "invalid field format";
  if (at_ == key) return "missing field key";
  if (at_ + 1 == end_ || at_[1] == ',' || at_[1] == ' ') return "missing field value";
  if (at_[-1] == '\\') return "invalid field format";
  longest_field_key_ = std::max(longest_field_key_, static_cast<size_t>(at_ - key));
  const std::string_view plain_key = unescaped(key, is_special_in_key);
  ++at_;
  return read_value(plain_key);
}

LineReader::Reason LineReader::read_value(std::string_view field_key) {
  const char first = *at_;
  if (first == '"') return read_string(field_key);
  const std::string_view text = until_comma_or_space();
  if ((first >= '0' && first <= '9') || first == '-' || first == '.' || first == 'N' || first == 'n') {
    tl::expected<LineValue, std::string> number = read_line_number(text, reading_.has_unsigned);
    if (!number) return std::move(number.error());
    fields_.push_back({field_key, *number});
    return std::nullopt;
  }
  const std::optional<bool> boolean = read_boolean(text);
  if (!boolean) return "invalid boolean";
  fields_.push_back({field_key, *boolean});
  return std::nullopt;
}

// Only a quote and a backslash are escaped in a string, but a backslash never ends one.
LineReader::Reason LineReader::read_string(std::string_view field_key) {
  const char* const begin = ++at_;
  pass_pairs([](char c) { return c == '"'; });
  if (at_ == end_) return "unbalanced quotes";
  fields_.push_back({field_key, unescaped(begin, is_special_in_string)});
  ++at_;
  return std::nullopt;
}

LineReader::Reason LineReader::check_field_keys() const {
  constexpr size_t kSeparatorBytes = 4;  // between key and field where 1.x stores them
  const size_t size = key_.size() + kSeparatorBytes + longest_field_key_;
  if (size > kMaxLineKeyBytes) return key_too_long(size);
  return std::nullopt;
}

LineReader::Reason LineReader::read_time() {
  skip_white_space();
  if (at_ == end_) {
    time_ns_ = cut_off(reading_.default_time_ns, reading_.precision);
    return std::nullopt;
  }
  const char* const begin = at_;
  int64_t units = 0;
  const auto [read_up_to, error] = std::from_chars(begin, end_, units);
  at_ = error == std::errc::invalid_argument ? begin + (*begin == '-' ? 1 : 0) : read_up_to;
  if (at_ != end_ && *at_ != ' ') return "bad timestamp";
  if (error != std::errc{}) {
    return "strconv.ParseInt: parsing \"" + std::string(begin, at_) +
           "\": " + (error == std::errc::result_out_of_range ? "value out of range" : "invalid syntax");
  }
  const std::optional<int64_t> time_ns = checked_mul(units, static_cast<int64_t>(reading_.precision));
  if (!time_ns || *time_ns < kMinLineTime || *time_ns > kMaxLineTime) {
    return "time outside range " + std::to_string(kMinLineTime) + " - " + std::to_string(kMaxLineTime);
  }
  time_ns_ = *time_ns;
  while (is_at(' ')) ++at_;
  if (at_ != end_) return "point is invalid";
  return std::nullopt;
}

void LineReader::skip_white_space() {
  while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\0')) ++at_;
}

std::string_view LineReader::until_comma_or_space() {
  const char* end = at_;
  while (end != end_ && *end != ',' && *end != ' ') ++end;
  const std::string_view text(at_, static_cast<size_t>(end - at_));
  at_ = end;
  return text;
}

}  // namespace timestore
