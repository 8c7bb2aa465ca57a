#include "engine/base/utf8.h"

#include <cstring>

namespace timestore {
namespace {

// How many bytes, in words of eight, `text` begins with that are ASCII.
size_t ascii_words(std::string_view text) {
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & 0x8080808080808080) != 0) break;
  }
  return at;
}

}  // namespace

size_t valid_utf8_prefix(std::string_view text) {
  size_t valid = ascii_words(text);
  Utf8Checker checker;
  for (size_t at = valid; at < text.size(); ++at) {
    if (!checker.add(text[at])) return valid;
    if (checker.is_between_characters()) valid = at + 1;
  }
  return valid;
}

}  // namespace timestore
