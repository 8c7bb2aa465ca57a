#include "engine/series/line_write.h"

#include <algorithm>
#include <utility>

#include "engine/base/utf8.h"
#include "engine/series/series_name.h"
#include "engine/store/points/batch.h"
#include "engine/store/points/bytes.h"

namespace timestore {

namespace {

constexpr unsigned kKeepsGoodLines = 1;

tl::unexpected<Error> wrong(std::string_view what) { return fail("a write of lines " + std::string(what)); }

// ---- series

void put_series(std::string& out, const std::vector<LineSeries>& list) {
  points::put_varint(out, list.size());
  std::string_view before;
  for (const LineSeries& series : list) {
    const std::string_view name = series.name;
    const auto shared = static_cast<std::size_t>(
        std::mismatch(name.begin(), name.end(), before.begin(), before.end()).first - name.begin());
    points::put_varint(out, shared);
    points::put_varint(out, (name.size() - shared) << 1 | (series.is_device ? 1 : 0));
    out += name.substr(shared);
    before = name;
  }
}

bool is_name(const LineSeries& series) {
  if (series.name.empty() || series.name.size() > points::kMaxSeriesNameBytes || !is_valid_utf8(series.name)) {
    return false;
  }
  return series.is_device || parts_of_series_name(series.name);
}

Result<std::vector<LineSeries>> take_series(points::ByteReader& in) {
  const auto count = in.varint();
  if (!count || *count > points::kMaxBatchPoints) return wrong("has too many series");
  std::vector<LineSeries> list;
  std::string name;
  while (list.size() < *count) {
    const auto shared = in.varint();
    const auto rest = in.varint();
    if (!shared || !rest || *shared > name.size()) return wrong("has a series without a name");
    const auto bytes = in.take(*rest >> 1);
    if (!bytes || *shared + bytes->size() > points::kMaxSeriesNameBytes) return wrong("has a name that is cut off");
    name.resize(*shared);
    name += *bytes;
    list.push_back({.name = name, .is_device = (*rest & 1) != 0});
    if (!is_name(list.back())) return wrong("has a series whose name is none");
  }
  return list;
}

// ---- lines

void put_lines(std::string& out, const std::vector<std::uint32_t>& line_ends) {
  struct Run {
    std::uint32_t points = 0;
    std::uint64_t lines = 0;
  };
  std::vector<Run> runs;
  std::uint32_t begin = 0;
  for (const std::uint32_t end : line_ends) {
    if (runs.empty() || runs.back().points != end - begin) runs.push_back({.points = end - begin});
    ++runs.back().lines;
    begin = end;
  }
  points::put_varint(out, runs.size());
  for (const Run& run : runs) {
    points::put_varint(out, run.points);
    points::put_varint(out, run.lines);
  }
}

Result<std::vector<std::uint32_t>> take_lines(points::ByteReader& in) {
  const auto runs = in.varint();
  std::vector<std::uint32_t> line_ends;
  std::uint64_t end = 0;
  for (std::uint64_t run = 0; runs && run < *runs; ++run) {
    const auto points = in.varint();
    const auto lines = in.varint();
    if (!points || !lines || *points == 0 || *points > points::kMaxBatchPoints) return wrong("has a line of nothing");
    if (*lines > (points::kMaxBatchPoints - end) / *points) return wrong("has too many points");
    for (std::uint64_t line = 0; line < *lines; ++line) {
      line_ends.push_back(static_cast<std::uint32_t>(end += *points));
    }
  }
  if (!runs) return wrong("has no lines");
  return line_ends;
}

// ---- points

std::string points_of(const LineWrite& write) {
  points::BatchPointsWriter writer;
  writer.reserve(write.points.size());
  for (const LinePoint& point : write.points) {
    writer.add({.series = point.series,
                .type = write.series[point.series].type,
                .time_ns = point.time_ns,
                .bits = point.bits,
                .text = point.text,
                .is_line = true});
  }
  return writer.finish();
}

Result<void> take_points(std::string_view bytes, LineWrite& write) {
  const auto batch = points::BatchPoints::open(bytes, write.series.size());
  if (!batch) return tl::unexpected(batch.error());
  if (batch->size() != write.line_ends.back()) return wrong("has other points than lines");
  write.points.resize(batch->size());
  std::vector<bool> has_type(write.series.size());
  bool fits = true;
  auto read = batch->read([&](const points::Point& point) {
    LineSeries& series = write.series[point.series];
    if (!has_type[point.series]) series.type = point.type;
    has_type[point.series] = true;
    fits = fits && point.type == series.type && point.is_line && point.id.is_nil() && point.attributes.empty();
    write.points[point.seq] = {.series = static_cast<std::uint32_t>(point.series),
                               .time_ns = point.time_ns,
                               .bits = point.bits,
                               .text = std::string(point.text)};
  });
  if (!read) return read;
  if (!fits) return wrong("has points that are not those of lines");
  if (std::find(has_type.begin(), has_type.end(), false) != has_type.end()) return wrong("has a series without points");
  return {};
}

// All points of a line have one time. Each is of another series, and all of these have one key: so a line names a field
// once.
bool has_lines(const LineWrite& write) {
  std::vector<std::uint32_t> last_line(write.series.size(), 0);
  std::vector<std::string_view> keys;
  keys.reserve(write.series.size());
  for (const LineSeries& series : write.series) {
    keys.push_back(series.is_device ? std::string_view() : line_key_of(series.name));
  }
  std::uint32_t line = 0;
  std::uint32_t begin = 0;
  for (const std::uint32_t end : write.line_ends) {
    ++line;
    std::string_view key;
    for (std::uint32_t at = begin; at < end; ++at) {
      const LinePoint& point = write.points[at];
      if (key.empty()) key = keys[point.series];
      if (!keys[point.series].empty() && keys[point.series] != key) return false;
      if (point.time_ns != write.points[begin].time_ns) return false;
      if (std::exchange(last_line[point.series], line) == line) return false;
    }
    begin = end;
  }
  return true;
}

}  // namespace

std::size_t size_bytes(const LineWrite& write) {
  std::size_t size = sizeof write + write.database.size();
  for (const LineSeries& series : write.series) size += sizeof series + series.name.size();
  for (const LinePoint& point : write.points) size += sizeof point + point.text.size();
  return size + write.line_ends.size() * sizeof(std::uint32_t);
}

void append_line_write(std::string& out, const LineWrite& write) {
  points::put_byte(out, write.keeps_good_lines ? kKeepsGoodLines : 0);
  points::put_varint(out, write.database.size());
  out += write.database;
  put_series(out, write.series);
  put_lines(out, write.line_ends);
  if (!write.points.empty()) out += points_of(write);
}

Result<LineWrite> read_line_write(std::string_view bytes) {
  points::ByteReader in(bytes);
  const auto flags = in.byte();
  if (!flags || *flags > kKeepsGoodLines) return wrong("has no flags that are known");
  LineWrite write{.keeps_good_lines = (*flags & kKeepsGoodLines) != 0};
  const auto name_bytes = in.varint();
  if (!name_bytes || *name_bytes > kMaxDatabaseBytes) return wrong("has a database with too long a name");
  const auto database = in.take(*name_bytes);
  if (!database || !is_valid_utf8(*database)) return wrong("has a database whose name is none");
  write.database = *database;
  auto series = take_series(in);
  if (!series) return tl::unexpected(std::move(series.error()));
  write.series = std::move(*series);
  auto lines = take_lines(in);
  if (!lines) return tl::unexpected(std::move(lines.error()));
  write.line_ends = std::move(*lines);
  if (write.line_ends.empty()) {
    const bool is_whole = write.series.empty() && in.left().empty() && !write.database.empty();
    return is_whole ? Result<LineWrite>(std::move(write)) : wrong("has no lines");
  }
  if (auto taken = take_points(in.left(), write); !taken) return tl::unexpected(std::move(taken.error()));
  if (!has_lines(write)) return wrong("has lines that are none");
  return write;
}

}  // namespace timestore
