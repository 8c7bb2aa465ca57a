// The Date of an answer (RFC 9110, section 6.6.1): devices without a clock of their own live from it.
#pragma once

#include <ctime>
#include <string>

namespace timestore::http {

// "Sun, 06 Nov 1994 08:49:37 GMT". In English, whatever the locale says.
[[nodiscard]] std::string format_date(std::time_t seconds);

// That of now. Each thread makes it once a second.
[[nodiscard]] const std::string& date_now();

}  // namespace timestore::http
