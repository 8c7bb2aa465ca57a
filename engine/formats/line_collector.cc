#include "engine/formats/line_collector.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "engine/base/checked.h"
#include "engine/base/json_text.h"
#include "engine/base/utf8.h"
#include "engine/series/property.h"

namespace timestore {
namespace {

constexpr uint64_t kMaxTold = 100;
constexpr size_t kMaxToldBytes = 1'000;  // of one line

// The names of our own API in line protocol.
constexpr std::string_view kDeviceMeasurement = "timeseries";
constexpr std::string_view kDeviceTag = "deviceId";

constexpr std::string_view kTimeKey = "time";

int64_t latest_of(int64_t now_ns, int64_t days) {
  constexpr int64_t kDayNs = int64_t{86'400} * 1'000'000'000;
  const auto ahead = checked_mul(days, kDayNs);
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  return ahead && now_ns <= kMax - *ahead ? now_ns + *ahead : kMax;
}

points::Type type_of(const LineValue& value) {
  constexpr std::array kTypes = {points::Type::kFloat, points::Type::kInteger, points::Type::kUnsigned,
                                 points::Type::kBoolean, points::Type::kString};
  static_assert(kTypes.size() == std::variant_size_v<LineValue>);
  return kTypes[value.index()];
}

uint64_t bits_of(const LineValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return std::bit_cast<uint64_t>(*number);
  if (const auto* number = std::get_if<int64_t>(&value)) return static_cast<uint64_t>(*number);
  if (const auto* number = std::get_if<uint64_t>(&value)) return *number;
  const auto* truth = std::get_if<bool>(&value);
  return truth != nullptr && *truth ? 1 : 0;
}

std::string_view text_of(const LineValue& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  return text == nullptr ? std::string_view() : *text;
}

size_t place_in(points::Type type) { return static_cast<size_t>(type) - 1; }

}  // namespace

LineCollector::LineCollector(Options options, TakeWrite take_write)
    : options_(std::move(options)),
      take_write_(std::move(take_write)),
      latest_ns_(latest_of(options_.now_ns, options_.max_days_ahead)),
      keys_(options_.hash_seed),
      field_keys_(options_.hash_seed) {
  begin_write();
}

// Room that is not used costs nothing; to move points when there is none costs more than all else that is done for
// them.
void LineCollector::begin_write() {
  write_ = {.database = options_.database, .keeps_good_lines = options_.keeps_good_lines};
  write_.points.reserve(std::min(options_.likely_points, options_.max_points));
  text_bytes_ = 0;
  keys_.clear();
  field_keys_.clear();
  key_list_.clear();
  field_list_.clear();
}

void LineCollector::end_write() {
  if (!write_.points.empty()) take_write_(std::move(write_));
}

void LineCollector::take(const Line& line) {
  if (refusal_) return;
  if (line.time_ns > latest_ns_) {
    return refuse_line(line, "time is more than " + std::to_string(options_.max_days_ahead) + " days ahead");
  }
  Growth growth = look_up(line);
  if (is_dropped(line, growth)) return;
  if (is_of_device_) {
    const Faults faults = faults_of_device_id(line.tags.front().value);
    for (const LineField& field : line.fields) {
      if (!faults.empty() && is_device(field.key)) return refuse_line(line, faults.front());
    }
  }
  if (!has_room(growth)) {
    if (!write_.points.empty() && options_.is_one_write) {
      refusal_ = too_large("A body has at most " + std::to_string(options_.max_points) + " points, and " +
                           std::to_string(options_.max_text_bytes) + " bytes of names and strings.");
      return;
    }
    end_write();
    begin_write();
    growth = look_up(line);
    if (!has_room(growth)) return refuse_line(line, "too many fields");
  }
  text_bytes_ += growth.text_bytes;
  add(line);
  ++lines_.good;
}

bool LineCollector::is_dropped(const Line& line, const Growth& growth) {
  if (!has_time_tag_ && growth.points > 0) return false;
  if (lines_.dropped++ > 0) return true;
  lines_.reason = has_time_tag_ ? "invalid tag key: input tag \"time\" on measurement "
                                : "invalid field name: input field \"time\" on measurement ";
  append_json_string(lines_.reason, line.measurement);
  lines_.reason += " is invalid";
  return true;
}

// Lines of one key often follow each other, or keys come in the same order again.
uint32_t LineCollector::place_of_key(const Line& line) {
  const uint32_t place = keys_.find_or_add(0, line.key, last_key_ + key_step_);
  key_step_ = place == last_key_ ? 0 : 1;
  last_key_ = place;
  if (place == key_list_.size()) {
    const bool is_of_device =
        line.measurement == kDeviceMeasurement && line.tags.size() == 1 && line.tags.front().key == kDeviceTag;
    const bool has_time_tag =
        std::any_of(line.tags.begin(), line.tags.end(), [](const LineTag& tag) { return tag.key == kTimeKey; });
    key_list_.push_back({.is_of_device = is_of_device, .has_time_tag = has_time_tag});
  }
  return place;
}

LineCollector::Growth LineCollector::look_up(const Line& line) {
  ++line_;
  const uint32_t key_place = place_of_key(line);
  Key& key = key_list_[key_place];
  is_of_device_ = key.is_of_device;
  has_time_tag_ = key.has_time_tag;
  places_.clear();
  Growth growth;
  uint32_t guess = key.first_field;
  for (const LineField& field : line.fields) {
    if (field.key == kTimeKey) {
      places_.push_back(kNone);
      continue;
    }
    const uint32_t place = field_keys_.find_or_add(key_place, field.key, guess);
    if (place == field_list_.size()) field_list_.emplace_back();
    if (key.first_field == kNone) key.first_field = place;
    guess = place + 1;
    Field& known = field_list_[place];
    if (known.last_line != line_) ++growth.points;
    known.last_line = line_;
    known.last_ordinal = static_cast<uint32_t>(places_.size());
    places_.push_back(place);
    growth.text_bytes += text_of(field.value).size();
    if (known.series[place_in(type_of(field.value))] == kNone) {
      growth.text_bytes += line.key.size() + 1 + 2 * field.key.size();  // escaped, at most
    }
  }
  return growth;
}

bool LineCollector::has_room(const Growth& growth) const {
  return growth.points <= options_.max_points - write_.points.size() &&
         growth.text_bytes <= options_.max_text_bytes - text_bytes_;
}

void LineCollector::add(const Line& line) {
  for (size_t ordinal = 0; ordinal < places_.size(); ++ordinal) {
    if (places_[ordinal] == kNone) continue;
    Field& known = field_list_[places_[ordinal]];
    if (known.last_ordinal != ordinal) continue;  // the line names it again
    const LineField& field = line.fields[ordinal];
    const points::Type type = type_of(field.value);
    uint32_t& series = known.series[place_in(type)];
    if (series == kNone) series = add_series(line, field, type);
    LinePoint& point = write_.points.emplace_back();
    point.series = series;
    point.time_ns = line.time_ns;
    point.bits = bits_of(field.value);
    if (type == points::Type::kString) point.text = text_of(field.value);
  }
  write_.line_ends.push_back(static_cast<uint32_t>(write_.points.size()));
}

uint32_t LineCollector::add_series(const Line& line, const LineField& field, points::Type type) {
  LineSeries& series = write_.series.emplace_back();
  series.type = type;
  series.is_device = is_device(field.key);
  if (series.is_device) {
    series.name = line.tags.front().value;
  } else {
    series.name.reserve(line.key.size() + 1 + field.key.size());
    append_series_name(series.name, line, field.key);
  }
  return static_cast<uint32_t>(write_.series.size() - 1);
}

void LineCollector::refuse_line(const Line& line, std::string reason) {
  refuse({.number = line.number, .text = line.text, .reason = std::move(reason)});
}

void LineCollector::refuse(const BadLine& line) {
  ++lines_.bad;
  if (told_ == kMaxTold) return;
  ++told_;
  if (!lines_.messages.empty()) lines_.messages += '\n';
  if (line.text.size() <= kMaxToldBytes) return append_message(lines_.messages, line);
  std::string_view start = line.text.substr(0, kMaxToldBytes);
  constexpr size_t kLastCharacterBytes = 3;  // that are left of one which is cut off
  const size_t valid = valid_utf8_prefix(start);
  if (start.size() - valid <= kLastCharacterBytes) start = start.substr(0, valid);
  append_message(lines_.messages, {.number = line.number,
                                   .text = start,
                                   .reason = line.reason + " (of a line of " + std::to_string(line.text.size()) +
                                             " bytes, of which this is the beginning)"});
}

tl::expected<LineCollector::Lines, Refusal> LineCollector::finish() {
  if (refusal_) return tl::unexpected(std::move(*refusal_));
  end_write();
  if (lines_.bad > told_) lines_.messages += "\nand " + std::to_string(lines_.bad - told_) + " more lines";
  return std::move(lines_);
}

}  // namespace timestore
