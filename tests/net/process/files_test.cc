// What stands against using the files is said in words that lead out.
#include "net/process/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/scratch_directory.h"

namespace timestore::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr uid_t kNobody = 65534;

// Root may do everything; for a while this process is somebody else.
class AsNobody {
 public:
  AsNobody() : was_(geteuid()) { is_done_ = was_ != 0 || seteuid(kNobody) == 0; }
  ~AsNobody() { static_cast<void>(seteuid(was_)); }
  bool is_done() const { return is_done_; }

 private:
  uid_t was_;
  bool is_done_ = false;
};

class FilesTest : public ::testing::Test {
 protected:
  FilesTest() { std::filesystem::permissions(directory_.path(), std::filesystem::perms(0777)); }
  auto check() const { return check_files(directory_.file("s.db"), directory_.file("s.raft.db")); }
  auto check_as_nobody() const {
    const AsNobody nobody;
    EXPECT_TRUE(nobody.is_done());
    return check();
  }
  ScratchDirectory directory_;
};

TEST_F(FilesTest, that_are_new_in_a_directory_that_is_there_may_be_made) { EXPECT_TRUE(check()); }

TEST_F(FilesTest, a_log_that_is_gone_is_missed) {
  std::ofstream(directory_.file("s.raft.db")) << "log";
  EXPECT_TRUE(check()) << "the log is made first";
  std::ofstream(directory_.file("s.db")) << "series";
  EXPECT_TRUE(check());
  std::filesystem::remove(directory_.file("s.raft.db"));
  const auto usable = check();
  ASSERT_FALSE(usable);
  EXPECT_TRUE(usable.error().lasts);
  EXPECT_THAT(usable.error().message,
              AllOf(HasSubstr(directory_.file("s.raft.db") + ", is gone"), HasSubstr("remove")));
}

TEST_F(FilesTest, are_not_made_where_a_directory_is_missing) {
  const std::string missing = directory_.file("mount/data");
  const auto refused = check_files(missing + "/s.db", missing + "/s.raft.db");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr(missing), HasSubstr("mount it"), HasSubstr("mkdir -p")));
  EXPECT_FALSE(refused.error().lasts) << "a disk may be mounted later";
  EXPECT_FALSE(std::filesystem::exists(directory_.file("mount")));
}

TEST_F(FilesTest, of_another_user_are_named_with_both_users) {
  for (const char* name : {"s.db", "s.raft.db", "s.db-wal"}) {
    std::ofstream(directory_.file(name)) << "x";
    std::filesystem::permissions(directory_.file(name), std::filesystem::perms(0400));
    const auto refused = check_as_nobody();
    ASSERT_FALSE(refused) << name;
    EXPECT_THAT(refused.error().message, AllOf(HasSubstr(directory_.file(name)), HasSubstr("belongs to user"),
                                               HasSubstr("runs as user"), HasSubstr("chown")));
    EXPECT_TRUE(refused.error().lasts);
    std::filesystem::permissions(directory_.file(name), std::filesystem::perms(0666));
  }
}

TEST_F(FilesTest, cannot_be_made_in_a_directory_of_another_user) {
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0500));
  const bool is_allowed = check_as_nobody().has_value();
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0700));
  EXPECT_FALSE(is_allowed);
}

}  // namespace
}  // namespace timestore::net
