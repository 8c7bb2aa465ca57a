// Makes writes out of lines: what a body of line protocol stores.
//
// Each field is a series. The field `value` of the measurement `timeseries` with no tag but `deviceId` is the device of
// that name; every other field is a series of lines (append_series_name). Series stand in the order of their first
// appearance, each name once for each type of its values. Of a field that a line names twice the last counts.
//
// As in InfluxDB, there are no tags and fields named `time`: lines with such a tag, or with no other field, are
// dropped, and from others the field is left out. Bad lines are counted, and the first of them told. Where a body has
// more points than one command holds, it is cut between two lines into several writes, or refused, as whoever asks
// wishes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/formats/limits.h"
#include "engine/formats/line_protocol.h"
#include "engine/formats/line_table.h"
#include "engine/series/line_write.h"
#include "engine/store/points/batch.h"

namespace timestore {

inline constexpr uint64_t kMaxBodyLines = 100'000;
inline constexpr int64_t kMaxDaysAhead = 366;

// How many points a body of so many bytes may well have.
constexpr size_t likely_points(size_t body_bytes) { return body_bytes / 16 + 1; }

class LineCollector final : public LineSink {
 public:
  struct Options {
    std::string database = {};  // as in LineWrite
    bool keeps_good_lines = false;
    bool is_one_write = false;  // a body of more is too large
    int64_t now_ns = 0;
    int64_t max_days_ahead = kMaxDaysAhead;  // of the time of a line
    uint64_t hash_seed = 0;                  // line_table.h
    size_t likely_points = 0;                // of the body
    // Of one write. Texts are names of series and strings.
    size_t max_points = points::kMaxBatchPoints;
    size_t max_text_bytes = size_t{16} << 20;
  };
  // Gets the writes, in their order and each once.
  using TakeWrite = std::function<void(LineWrite)>;
  LineCollector(Options options, TakeWrite take_write);

  void take(const Line& line) override;
  void refuse(const BadLine& line) override;

  struct Lines {
    uint64_t good = 0;
    uint64_t bad = 0;
    std::string messages;  // about the bad ones, or the first of them; a line each
    uint64_t dropped = 0;
    std::string reason;  // why the first of these
  };
  // After the last line, once. An error only for a body that is too large, of which nothing counts.
  tl::expected<Lines, Refusal> finish();

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  // By place in the tables.
  struct Key {
    uint32_t first_field = kNone;
    bool is_of_device = false;  // its field `value` is one
    bool has_time_tag = false;
  };
  struct Field {
    std::array<uint32_t, static_cast<size_t>(points::kLastType)> series = {kNone, kNone, kNone, kNone, kNone};
    uint32_t last_line = 0;
    uint32_t last_ordinal = 0;  // in that line
  };

  // What a line would add.
  struct Growth {
    size_t points = 0;
    size_t text_bytes = 0;
  };
  bool is_dropped(const Line& line, const Growth& growth);
  Growth look_up(const Line& line);
  uint32_t place_of_key(const Line& line);
  bool has_room(const Growth& growth) const;
  void add(const Line& line);
  uint32_t add_series(const Line& line, const LineField& field, points::Type type);
  bool is_device(std::string_view field_key) const { return is_of_device_ && field_key == "value"; }
  void begin_write();
  void end_write();
  void refuse_line(const Line& line, std::string reason);

  const Options options_;
  const TakeWrite take_write_;
  const int64_t latest_ns_;
  LineTable keys_;
  LineTable field_keys_;  // under the place of the line's key
  std::vector<Key> key_list_;
  std::vector<Field> field_list_;
  uint32_t last_key_ = 0;
  uint32_t key_step_ = 0;  // how far the next key is likely to be from the last
  uint32_t line_ = 0;      // that is looked up, from 1

  // Of the present line.
  bool is_of_device_ = false;
  bool has_time_tag_ = false;
  std::vector<uint32_t> places_;  // of its fields; kNone: left out

  LineWrite write_;
  size_t text_bytes_ = 0;  // of it
  Lines lines_;
  uint64_t told_ = 0;
  std::optional<Refusal> refusal_;
};

}  // namespace timestore
