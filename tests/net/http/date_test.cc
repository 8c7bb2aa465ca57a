#include "net/http/date.h"

#include <gtest/gtest.h>

namespace timestore::http {
namespace {

TEST(Date, is_written_as_the_rfc_writes_it) {
  EXPECT_EQ(format_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110, section 5.6.7
  EXPECT_EQ(format_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_date(951827696), "Tue, 29 Feb 2000 12:34:56 GMT");
  EXPECT_EQ(format_date(4102444799), "Thu, 31 Dec 2099 23:59:59 GMT");
}

}  // namespace
}  // namespace timestore::http
