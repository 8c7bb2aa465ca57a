// The folder of one test: its databases and the logs of its processes.
//
// A test that passes leaves nothing behind. When it has failed, the folder stays, and its place and the end of every
// log in it are printed.
#pragma once

#include <filesystem>
#include <string>

namespace timestore::system {

class Scratch {
 public:
  enum class Keep { kAfterFailure, kNever };

  explicit Scratch(Keep keep = Keep::kAfterFailure);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

  // Whether there is nothing in the folder, neither file nor folder.
  bool is_empty() const { return std::filesystem::is_empty(path_); }

 private:
  Keep keep_;
  std::filesystem::path path_;
};

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& content);

}  // namespace timestore::system
