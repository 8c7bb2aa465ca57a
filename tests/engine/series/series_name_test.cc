// What the name of a series says, taken apart as it was put together.
#include "engine/series/series_name.h"

#include <gtest/gtest.h>

namespace timestore {
namespace {

TEST(SeriesName, tells_measurement_tags_and_field) {
  const SeriesNameParts cpu{
      .measurement = "cpu", .tags = {{"host", "a"}, {"region", "eu west"}}, .field = "usage"};
  EXPECT_EQ(parts_of_series_name("cpu,host=a,region=eu\\ west usage"), cpu);
  EXPECT_EQ(typed_field_of("cpu,host=a,region=eu\\ west usage"), (TypedField{"cpu", "usage"}));
}

TEST(SeriesName, has_no_tags_or_what_is_escaped) {
  EXPECT_EQ(parts_of_series_name("m f"), (SeriesNameParts{.measurement = "m", .tags = {}, .field = "f"}));
  const SeriesNameParts odd{.measurement = "a,b =c", .tags = {{"k,=", " v"}}, .field = "f g,h=i"};
  EXPECT_EQ(parts_of_series_name("a\\,b\\ =c,k\\,\\==\\ v f\\ g\\,h\\=i"), odd);
}

TEST(SeriesName, keeps_backslashes_that_escape_nothing) {
  EXPECT_EQ(parts_of_series_name("a\\b,t=c:\\d \\f"),
            (SeriesNameParts{.measurement = "a\\b", .tags = {{"t", "c:\\d"}}, .field = "\\f"}));
}

TEST(SeriesName, is_nothing_else) {
  for (const char* text : {"", " ", "m", "m ", " f", ",t=a f", "m,t f", "m,t= f", "m,=a f", "m, f", "m,t=a, f"}) {
    EXPECT_EQ(parts_of_series_name(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace timestore
