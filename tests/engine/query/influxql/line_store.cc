#include "tests/engine/query/influxql/line_store.h"

#include <bit>
#include <map>
#include <string>

#include "engine/base/check.h"
#include "engine/formats/line_protocol.h"

namespace timestore::query::influxql {
namespace {

class Filler : public LineSink {
 public:
  explicit Filler(MemoryStore& store) : store_(store) {}

  void take(const Line& line) override {
    for (const LineField& field : line.fields) add(line, field);
  }
  void refuse(const BadLine& line) override { TIMESTORE_CHECK(false, line.reason.c_str()); }

 private:
  static points::Type type_of(const LineValue& value) {
    constexpr points::Type kTypes[] = {points::Type::kFloat, points::Type::kInteger, points::Type::kUnsigned,
                                       points::Type::kBoolean, points::Type::kString};
    return kTypes[value.index()];
  }

  size_t series_of(const Line& line, const LineField& field) {
    std::string name;
    append_series_name(name, line, field.key);
    const auto [known, is_new] = numbers_.try_emplace(name, store_.series.size());
    if (!is_new) return known->second;
    Series& series = store_.add_series(name, type_of(field.value));
    series.is_line = !(line.measurement == "timeseries" && line.tags.size() == 1 && line.tags[0].key == "deviceId" &&
                       field.key == "value");
    if (series.is_line) {
      series.measurement = line.measurement;
      series.field = field.key;
    }
    for (const LineTag& tag : line.tags) series.tags.push_back({std::string(tag.key), std::string(tag.value)});
    return known->second;
  }

  void add(const Line& line, const LineField& field) {
    const Series& series = store_.series[series_of(line, field)];
    OwnedPoint& owned = store_.add_point(series, line.time_ns, 0);
    owned.point.is_line = true;
    if (const auto* text = std::get_if<std::string_view>(&field.value)) owned.text = *text;
    if (const auto* number = std::get_if<double>(&field.value)) owned.point.bits = std::bit_cast<uint64_t>(*number);
    if (const auto* number = std::get_if<int64_t>(&field.value)) owned.point.bits = static_cast<uint64_t>(*number);
    if (const auto* number = std::get_if<uint64_t>(&field.value)) owned.point.bits = *number;
    if (const auto* flag = std::get_if<bool>(&field.value)) owned.point.bits = *flag ? 1 : 0;
  }

  MemoryStore& store_;
  std::map<std::string, size_t> numbers_;
};

}  // namespace

MemoryStore store_of_lines(std::string_view text) {
  MemoryStore store;
  Filler filler(store);
  LineParser parser(filler, {.bytes = 64 << 20, .records = 1'000'000, .record_bytes = 1 << 20}, LineReading{});
  TIMESTORE_CHECK(parser.feed(text) && parser.finish(), "the lines are few");
  return store;
}

}  // namespace timestore::query::influxql
