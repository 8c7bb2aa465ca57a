// The folder of one test: its databases and the logs of its processes.
//
// A test that passes leaves nothing behind. When it has failed, the folder stays, and its place and the end of every
// log in it are printed.
#pragma once

#include <filesystem>
#include <string>

#include "tests/scratch_directory.h"

namespace timestore::system {

class Scratch {
 public:
  enum class Keep { kAfterFailure, kNever };

  explicit Scratch(Keep keep = Keep::kAfterFailure) : keep_(keep) {}
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::filesystem::path& path() const { return directory_.path(); }
  std::string file(const std::string& name) const { return directory_.file(name); }

  // Whether there is nothing in the folder, neither file nor folder.
  bool is_empty() const { return std::filesystem::is_empty(path()); }

 private:
  Keep keep_;
  ScratchDirectory directory_;
};

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& content);

}  // namespace timestore::system
