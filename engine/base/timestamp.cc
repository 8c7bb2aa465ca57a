#include "engine/base/timestamp.h"

#include <cstddef>
#include <optional>

#include "engine/base/checked.h"

namespace timestore {
namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr int64_t kSecondsPerDay = 86'400;
constexpr int kMaxFractionDigits = 9;

// Days since 1970-01-01 and back: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms". Years begin in March,
// so that the leap day is the last of its year, and repeat every era of 400 years.
constexpr int64_t kDaysPerEra = 146'097;
constexpr int64_t kDaysFromYearZeroTo1970 = 719'468;

struct Date {
  int64_t year;
  int64_t month;
  int64_t day;
};

constexpr int64_t floor_divide(int64_t dividend, int64_t divisor) {
  return dividend / divisor - (dividend % divisor < 0 ? 1 : 0);
}

constexpr int64_t days_of(Date date) {
  const int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const int64_t era = floor_divide(year, 400);
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - kDaysFromYearZeroTo1970;
}

constexpr Date date_of(int64_t days) {
  days += kDaysFromYearZeroTo1970;
  const int64_t era = floor_divide(days, kDaysPerEra);
  const int64_t day_of_era = days - era * kDaysPerEra;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

constexpr int64_t days_in_month(int64_t year, int64_t month) {
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  if (month == 2) return leap ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Reads from the front of what is left of a text.
struct Cursor {
  std::string_view rest;

  bool skip(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }

  bool skip_any(std::string_view choices) {
    if (rest.empty() || choices.find(rest.front()) == std::string_view::npos) return false;
    rest.remove_prefix(1);
    return true;
  }

  bool at_digit() const { return !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; }

  // Only after at_digit.
  int64_t take_digit() {
    const int64_t digit = rest.front() - '0';
    rest.remove_prefix(1);
    return digit;
  }

  std::optional<int64_t> take_digits(size_t count) {
    int64_t number = 0;
    for (; count > 0; --count) {
      if (!at_digit()) return std::nullopt;
      number = number * 10 + take_digit();
    }
    return number;
  }
};

// In days since 1970-01-01.
Result<int64_t> read_date(Cursor& cursor) {
  constexpr const char* kShape = "A timestamp begins with a date such as 2024-05-01.";
  const std::optional<int64_t> year = cursor.take_digits(4);
  if (!year || !cursor.skip('-')) return fail(kShape);
  const std::optional<int64_t> month = cursor.take_digits(2);
  if (!month || !cursor.skip('-')) return fail(kShape);
  const std::optional<int64_t> day = cursor.take_digits(2);
  if (!day || cursor.at_digit()) return fail(kShape);
  if (*month < 1 || *month > 12) return fail("There is no month " + std::to_string(*month) + ".");
  if (*day < 1 || *day > days_in_month(*year, *month)) {
    return fail("There is no day " + std::to_string(*day) + " in this month of the year " + std::to_string(*year) +
                ".");
  }
  return days_of({*year, *month, *day});
}

// The digits after the decimal point, in nanoseconds.
Result<int64_t> read_fraction(Cursor& cursor) {
  if (!cursor.at_digit()) return fail("A decimal point in a timestamp is followed by digits.");
  int64_t nanoseconds = 0;
  int digits = 0;
  for (; digits < kMaxFractionDigits && cursor.at_digit(); ++digits) {
    nanoseconds = nanoseconds * 10 + cursor.take_digit();
  }
  for (; digits < kMaxFractionDigits; ++digits) nanoseconds *= 10;
  while (cursor.at_digit()) {
    if (cursor.take_digit() != 0) return fail("A timestamp is not finer than a nanosecond: at most 9 fraction digits.");
  }
  return nanoseconds;
}

struct TimeOfDay {
  int64_t seconds;
  int64_t nanoseconds;
};

Result<TimeOfDay> read_time(Cursor& cursor) {
  constexpr const char* kShape = "After its date, a timestamp has a time such as T12:30:00.";
  const std::optional<int64_t> hour = cursor.take_digits(2);
  if (!hour || !cursor.skip(':')) return fail(kShape);
  const std::optional<int64_t> minute = cursor.take_digits(2);
  if (!minute || cursor.at_digit()) return fail(kShape);
  TimeOfDay time{*hour * 3600 + *minute * 60, 0};
  if (*hour > 23) return fail("There is no hour " + std::to_string(*hour) + ".");
  if (*minute > 59) return fail("There is no minute " + std::to_string(*minute) + ".");
  if (!cursor.skip(':')) return time;

  const std::optional<int64_t> second = cursor.take_digits(2);
  if (!second || cursor.at_digit()) return fail(kShape);
  if (*second == 60) return fail("A leap second cannot be stored: write second 59 or the next minute.");
  if (*second > 59) return fail("There is no second " + std::to_string(*second) + ".");
  time.seconds += *second;
  if (!cursor.skip('.')) return time;

  const Result<int64_t> nanoseconds = read_fraction(cursor);
  if (!nanoseconds) return tl::unexpected(nanoseconds.error());
  time.nanoseconds = *nanoseconds;
  return time;
}

// The rest of the text, in seconds east of UTC.
Result<int64_t> read_offset(Cursor& cursor) {
  constexpr const char* kShape = "A timestamp ends with Z, with an offset such as +02:00, or with its time.";
  if (cursor.rest.empty()) return 0;
  if (cursor.skip_any("Zz")) return cursor.rest.empty() ? Result<int64_t>(0) : fail(kShape);
  const int64_t sign = cursor.rest.front() == '-' ? -1 : 1;
  if (!cursor.skip_any("+-")) return fail(kShape);
  const std::optional<int64_t> hours = cursor.take_digits(2);
  if (!hours || !cursor.skip(':')) return fail(kShape);
  const std::optional<int64_t> minutes = cursor.take_digits(2);
  if (!minutes || !cursor.rest.empty()) return fail(kShape);
  if (*hours > 23 || *minutes > 59) return fail("An offset from UTC is at most 23:59.");
  return sign * (*hours * 3600 + *minutes * 60);
}

std::optional<int64_t> to_nanoseconds(int64_t seconds, int64_t nanoseconds) {
  // Before 1970 count from the second after, or the first timestamps would overflow on the way.
  if (seconds < 0 && nanoseconds > 0) {
    seconds += 1;
    nanoseconds -= kNanosecondsPerSecond;
  }
  const std::optional<int64_t> whole = checked_mul(seconds, kNanosecondsPerSecond);
  const std::optional<int64_t> total = whole ? checked_add(*whole, nanoseconds) : std::nullopt;
  return total && *total >= kMinTimestamp ? total : std::nullopt;
}

}  // namespace

Result<int64_t> parse_timestamp(std::string_view text) {
  Cursor cursor{text};
  const Result<int64_t> days = read_date(cursor);
  if (!days) return days;
  TimeOfDay time{0, 0};
  if (cursor.skip_any("Tt ")) {
    const Result<TimeOfDay> read = read_time(cursor);
    if (!read) return tl::unexpected(read.error());
    time = *read;
  }
  const Result<int64_t> offset_seconds = read_offset(cursor);
  if (!offset_seconds) return offset_seconds;

  const int64_t seconds = *days * kSecondsPerDay + time.seconds - *offset_seconds;
  const std::optional<int64_t> timestamp_ns = to_nanoseconds(seconds, time.nanoseconds);
  if (!timestamp_ns) {
    return fail("A timestamp lies between 1677-09-21T00:12:43.145224193Z and 2262-04-11T23:47:16.854775807Z.");
  }
  return *timestamp_ns;
}

void append_timestamp(std::string& out, int64_t timestamp_ns) {
  const int64_t seconds = floor_divide(timestamp_ns, kNanosecondsPerSecond);
  const int64_t days = floor_divide(seconds, kSecondsPerDay);
  const int64_t second_of_day = seconds - days * kSecondsPerDay;
  const Date date = date_of(days);
  // Computed from the remainder: the product of the floored seconds may not fit.
  int64_t nanoseconds = timestamp_ns % kNanosecondsPerSecond;
  if (nanoseconds < 0) nanoseconds += kNanosecondsPerSecond;

  char text[32];
  char* at = text;
  const auto put = [&at](int64_t number, int digits) {
    for (int digit = digits - 1; digit >= 0; --digit, number /= 10) at[digit] = static_cast<char>('0' + number % 10);
    at += digits;
  };
  put(date.year, 4);
  *at++ = '-';
  put(date.month, 2);
  *at++ = '-';
  put(date.day, 2);
  *at++ = 'T';
  put(second_of_day / 3600, 2);
  *at++ = ':';
  put(second_of_day / 60 % 60, 2);
  *at++ = ':';
  put(second_of_day % 60, 2);
  if (nanoseconds != 0) {
    *at++ = '.';
    put(nanoseconds, kMaxFractionDigits);
    while (at[-1] == '0') --at;
  }
  *at++ = 'Z';
  out.append(text, static_cast<size_t>(at - text));
}

}  // namespace timestore
