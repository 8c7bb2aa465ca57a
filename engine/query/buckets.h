// Where buckets of time begin and end. Grouping and filling both ask here, so they can never disagree.
//
// Edges are made in civil time, and each is turned into a moment by itself:
//
//   hours and less   from local midnight; so what does not divide a day begins anew each day
//   n days           from 1970-01-01        n weeks   from 1970-01-05, a Monday        n months   from January 1970
//
// A civil edge that clocks skip is the first moment after the gap. One that they show twice is two edges for buckets of
// up to an hour, and else the first. So buckets leave no moment out and share none, and days of 23 and 25 hours are
// buckets like others. Clocks that go back within a bucket lengthen it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/base/result.h"
#include "engine/query/big_number.h"
#include "engine/query/time_zone.h"

namespace timestore::query {

struct BucketWidth {
  enum class Unit : uint8_t { kNanoseconds, kDays, kWeeks, kMonths } unit = Unit::kNanoseconds;
  int64_t count = 0;  // 1 to kMaxCount; of nanoseconds up to a day

  static constexpr int64_t kMaxCount = 10'000;

  bool operator==(const BucketWidth&) const = default;
};

// `10s`, `5m`, `1h`, `1d`, `1w`, `1mo`, `1y`, and ns, us, ms.
Result<BucketWidth> parse_bucket_width(std::string_view text);

// Both belong to it.
struct Bucket {
  int64_t first_ns = 0;
  int64_t last_ns = 0;

  bool contains(int64_t time_ns) const { return first_ns <= time_ns && time_ns <= last_ns; }
  bool operator==(const Bucket&) const = default;
};

class Buckets {
 public:
  Buckets(BucketWidth width, std::shared_ptr<const TimeZone> zone);

  // All equally long, in UTC; one begins so long after 1970, or before.
  Buckets(int64_t width_ns, int64_t offset_ns);

  // What would begin before the first timestamp, or end behind the last, is cut there.
  Bucket containing(int64_t time_ns) const;

 private:
  using Moment = Int128;  // nanoseconds, UTC
  using Civil = Int128;   // nanoseconds since 1970-01-01T00:00 on local clocks

  // A stretch of the zone as edges see it.
  struct Reach {
    Moment begin;
    Moment end;
    Int128 offset;
    Civil reached;  // edges below were made before
    Civil first;    // edges from here on are made where clocks show them; between `reached` and here, at `begin`
  };

  Civil floor(Civil civil) const;
  Civil after(Civil civil) const;
  Civil from_months(int64_t months) const;
  Reach reach_of(size_t stretch) const;
  bool begins_with_skipped_edge(const Reach& reach) const;
  Moment last_edge(Moment moment, size_t stretch) const;
  Moment next_edge(Moment moment, size_t stretch) const;

  BucketWidth width_;
  std::shared_ptr<const TimeZone> zone_;
  bool sees_twice_;
  int64_t plain_width_ns_ = 0;   // where all buckets are equally long; else 0
  int64_t plain_offset_ns_ = 0;  // then one begins so long after 1970
};

}  // namespace timestore::query
