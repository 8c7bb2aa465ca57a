// A directory of a test's own, which goes with it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "engine/base/check.h"

namespace timestore {

class ScratchDirectory {
 public:
  explicit ScratchDirectory(const std::filesystem::path& parent = std::filesystem::temp_directory_path()) {
    std::string path = (parent / "timestore-test-").string() + "XXXXXX";
    TIMESTORE_CHECK(mkdtemp(path.data()) != nullptr, "a scratch directory can be made");
    path_ = path;
  }
  ~ScratchDirectory() {
    if (!stays_) std::filesystem::remove_all(path_);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

  void keep() { stays_ = true; }  // somebody shall look at it when the test is over

 private:
  std::filesystem::path path_;
  bool stays_ = false;
};

}  // namespace timestore
