#include "net/process/files.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace timestore::net {

namespace {

std::string name_of(uid_t user) {
  const passwd* known = getpwuid(user);  // before any other thread runs
  return known == nullptr ? std::to_string(user) : known->pw_name;
}

bool may(const std::string& path, int what) { return faccessat(AT_FDCWD, path.c_str(), what, AT_EACCESS) == 0; }

tl::unexpected<Error> not_allowed(const std::string& what, const struct stat& found, int reason) {
  if (reason == EROFS) {
    return fail(what + " is on a file system that is mounted read-only. Mount it for writing.");
  }
  return fail_for_good(what + " belongs to user " + name_of(found.st_uid) + ", and this process runs as user " +
                       name_of(geteuid()) + ", who may not read and write there (" + std::strerror(reason) +
                       "). Run the node as that user, or give the files to this one (chown).");
}

}  // namespace

Result<void> check_files(const std::string& series_path, const std::string& log_path) {
  std::string directory = std::filesystem::path(series_path).parent_path().string();
  if (directory.empty()) directory = ".";
  struct stat found {};
  if (stat(directory.c_str(), &found) != 0) {
    const std::string reason = std::strerror(errno);
    const bool is_forbidden = errno == EACCES;
    if (errno == ENOENT) {
      return fail(
          "The directory " + directory +
          " of --database does not exist. If a disk belongs there, mount it; if this is the node's first start, "
          "make it: mkdir -p " +
          directory + ".");
    }
    const std::string sentence = "The directory " + directory + " of --database cannot be looked at (" + reason + ").";
    return tl::unexpected<Error>(Error{.message = sentence, .lasts = is_forbidden});
  }
  if (!S_ISDIR(found.st_mode)) return fail_for_good(directory + ", where --database shall be, is no directory.");
  if (!may(directory, R_OK | W_OK | X_OK)) return not_allowed("The directory " + directory, found, errno);
  for (const std::string& file :
       {series_path, series_path + "-wal", series_path + "-shm", log_path, log_path + "-wal"}) {
    if (stat(file.c_str(), &found) != 0) continue;  // it will be made
    if (!may(file, R_OK | W_OK)) return not_allowed("The file " + file, found, errno);
  }
  // The log is made first, so it was there.
  if (stat(series_path.c_str(), &found) == 0 && stat(log_path.c_str(), &found) != 0) {
    return fail_for_good("The file " + series_path + " is there and its log, " + log_path +
                         ", is gone, with what this node has promised to others. Bring it back; or remove " +
                         series_path + " too, and the node starts with an empty disk and learns all from its peers.");
  }
  return {};
}

}  // namespace timestore::net
