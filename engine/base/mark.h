// Marks: named points of the code that a test campaign must reach.
//
// TIMESTORE_MARK("a deposed leader had an unsynced entry") costs a test of one pointer where nobody counts, which is
// everywhere but in the simulator. Every mark that is linked into a program is known by name from its start, so that
// one that was never reached can be named too.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace timestore {

// How often each mark was reached, by Mark::number().
using MarkCounts = std::vector<std::uint64_t>;

// Where marks are counted at present: one campaign at a time in each thread. Null: nowhere.
inline thread_local MarkCounts* mark_counts = nullptr;

class Mark {
 public:
  explicit Mark(std::string_view name) : number_(names().size()) { names().push_back(name); }

  void hit() const {
    if (mark_counts != nullptr) hit(*mark_counts);
  }

  // Every mark of this program, in an order that differs between programs: sort by name before showing it.
  static std::vector<std::string_view>& names() {
    static std::vector<std::string_view> names;
    return names;
  }

 private:
  void hit(MarkCounts& counts) const {
    if (counts.size() <= number_) counts.resize(names().size());
    ++counts[number_];
  }

  std::size_t number_;
};

template <std::size_t kSize>
struct MarkName {
  char text[kSize] = {};
  consteval MarkName(const char (&name)[kSize]) { std::copy_n(name, kSize, text); }  // NOLINT: meant to be implicit
  constexpr std::string_view view() const { return {text, kSize - 1}; }
};

template <MarkName kName>
inline const Mark mark_named{kName.view()};

}  // namespace timestore

#define TIMESTORE_MARK(name) ::timestore::mark_named<name>.hit()
