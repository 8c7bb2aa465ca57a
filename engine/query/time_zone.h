// A time zone: how far local clocks are ahead of UTC, and from when on.
//
// It comes from the time zone database of the operating system (/usr/share/zoneinfo, Debian's package tzdata), which
// Howard Hinnant's date library reads, and covers all timestamps. The library ends with the last transition that a file
// lists, which is in 2037; from there on it is the file's rule for all later years that counts (in TZif, RFC 9636, the
// footer). Nodes with different versions of tzdata answer differently where a government has changed its mind in
// between.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace timestore::query {

// A sentence, and whose fault it is.
struct ZoneError {
  bool is_environment = false;  // this node lacks the database; else there is no such zone
  std::string sentence;
};

class TimeZone {
 public:
  static TimeZone utc() { return TimeZone({{.begin_s = kBeginning, .offset_s = 0}}); }

  // An IANA name such as "Europe/Berlin". Reads files.
  static tl::expected<TimeZone, ZoneError> named(std::string_view name);

  // Local time is UTC + offset, from `begin` to the beginning of the next one. Ascending; the first begins before all
  // timestamps.
  struct Stretch {
    int64_t begin_s = 0;
    int64_t offset_s = 0;
    bool operator==(const Stretch&) const = default;
  };
  const std::vector<Stretch>& stretches() const { return stretches_; }

  // The number of the stretch that holds this moment.
  size_t stretch_at(int64_t time_ns) const;

 private:
  static constexpr int64_t kBeginning = -10'000'000'000;  // in seconds: some 90 years before the first timestamp

  explicit TimeZone(std::vector<Stretch> stretches) : stretches_(std::move(stretches)) {}

  std::vector<Stretch> stretches_;
};

}  // namespace timestore::query
