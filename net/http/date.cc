#include "net/http/date.h"

#include <array>
#include <chrono>

namespace timestore::http {

std::string format_date(std::time_t seconds) {
  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  const auto two_digits = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return std::string(kDays[static_cast<std::size_t>(parts.tm_wday)]) + ", " + two_digits(parts.tm_mday) + ' ' +
         kMonths[static_cast<std::size_t>(parts.tm_mon)] + ' ' + std::to_string(parts.tm_year + 1900) + ' ' +
         two_digits(parts.tm_hour) + ':' + two_digits(parts.tm_min) + ':' + two_digits(parts.tm_sec) + " GMT";
}

const std::string& date_now() {
  thread_local std::time_t made_at = -1;
  thread_local std::string text;
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  if (now != made_at) text = format_date(made_at = now);
  return text;
}

}  // namespace timestore::http
