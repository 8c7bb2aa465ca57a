// Orders to delete as bytes, and back; and any other bytes.
#include "engine/series/delete_order.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/check.h"
#include "engine/series/command.h"

namespace timestore {
namespace {

DeleteOrder of_a_range() {
  return {.up_to = 300,
          .database = "telegraf",
          .first_ns = -5,
          .last_ns = std::numeric_limits<std::int64_t>::max(),
          .names = {{.name = "boiler"},
                    {.kind = DeletedName::Kind::kDevice, .is_prefix = true, .name = ""},
                    {.kind = DeletedName::Kind::kLine, .name = "cpu,host=a idle"}}};
}

DeleteOrder of_ids() { return {.ids = {Guid::parse("11111111-1111-4111-8111-111111111111").value(), Guid()}}; }

std::string bytes_of_order(const DeleteOrder& order) {
  std::string bytes;
  append_delete_order(bytes, order);
  return bytes;
}

TEST(DeleteOrder, comes_back_from_its_bytes) {
  for (const DeleteOrder& order : {of_a_range(), of_ids()}) {
    const auto back = read_delete_order(bytes_of_order(order));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, order);
    EXPECT_FALSE(read_delete_order(bytes_of_order(order) + "x"));
    for (std::size_t size = 0; size < bytes_of_order(order).size(); ++size) {
      EXPECT_FALSE(read_delete_order(bytes_of_order(order).substr(0, size))) << size;
    }
  }
}

TEST(DeleteOrder, is_a_command_of_version_four) {
  const std::string command = encode_delete(of_a_range(), kDeletesVersion);
  EXPECT_EQ(decode_command(command).value().deletion, of_a_range());
  const auto older = decode_command(command, kLinesVersion);
  ASSERT_FALSE(older);
  EXPECT_TRUE(older.error().is_unknown) << "to skip it would be to keep what the others delete";
}

TEST(DeleteOrder, that_cannot_be_applied_is_none) {
  const auto refused = [](const auto& change) {
    DeleteOrder order = of_a_range();
    change(order);
    return !read_delete_order(bytes_of_order(order)).has_value();
  };
  EXPECT_TRUE(refused([](DeleteOrder& order) { order.names.clear(); }));
  EXPECT_TRUE(refused([](DeleteOrder& order) { order.last_ns = -6; }));
  EXPECT_TRUE(refused([](DeleteOrder& order) { order.database = std::string(256, 'd'); }));
  EXPECT_TRUE(refused([](DeleteOrder& order) { order.names[0].name = "\xff"; }));
  EXPECT_TRUE(refused([](DeleteOrder& order) { order.names.resize(kMaxDeletedNames + 1); }));
  EXPECT_TRUE(refused([](DeleteOrder& order) { order.ids.resize(kMaxDeletedIds + 1); }));
}

TEST(DeleteOrder, means_series_by_name_and_kind) {
  const DeleteOrder order{
      .names = {{.name = "a"}, {.kind = DeletedName::Kind::kLine, .is_prefix = true, .name = "m,"}}};
  EXPECT_TRUE(order.means(false, "a"));
  EXPECT_TRUE(order.means(true, "a"));
  EXPECT_FALSE(order.means(false, "ab"));
  EXPECT_TRUE(order.means(true, "m,t=a f"));
  EXPECT_FALSE(order.means(false, "m,t=a f"));
}

RC_GTEST_PROP(DeleteOrder, any_bytes_are_an_order_or_an_error, (const std::string& bytes)) {
  const auto order = read_delete_order(bytes);
  if (order) RC_ASSERT(read_delete_order(bytes_of_order(*order)) == *order);
}

}  // namespace
}  // namespace timestore
