// Whether bytes are UTF-8 (RFC 3629), also where they come piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace timestore {

// What is expected after the bytes so far. Overlong forms, surrogates and what is above U+10FFFF are refused.
class Utf8Checker {
 public:
  // False for a byte that cannot stand here; from then on the checker is as new.
  bool add(char c) {
    const auto byte = static_cast<uint8_t>(c);
    if (missing_ > 0) {
      const bool fits = byte >= lowest_ && byte <= highest_;
      missing_ = fits ? static_cast<uint8_t>(missing_ - 1) : uint8_t{0};
      lowest_ = 0x80;
      highest_ = 0xbf;
      return fits;
    }
    if (byte < 0x80) return true;
    if (byte < 0xc2 || byte > 0xf4) return false;
    missing_ = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    if (byte == 0xe0) lowest_ = 0xa0;
    if (byte == 0xed) highest_ = 0x9f;
    if (byte == 0xf0) lowest_ = 0x90;
    if (byte == 0xf4) highest_ = 0x8f;
    return true;
  }

  bool is_between_characters() const { return missing_ == 0; }

 private:
  uint8_t missing_ = 0;  // bytes of the present character
  uint8_t lowest_ = 0x80;
  uint8_t highest_ = 0xbf;
};

// How many bytes `text` begins with that are valid UTF-8: all of them if it is valid, otherwise those before the first
// character that is not.
size_t valid_utf8_prefix(std::string_view text);

inline bool is_valid_utf8(std::string_view text) { return valid_utf8_prefix(text) == text.size(); }

}  // namespace timestore
