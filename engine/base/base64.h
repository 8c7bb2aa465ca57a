// Bytes as text that JSON can carry (RFC 4648, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace timestore {

void append_base64(std::string& out, std::string_view bytes);

// The bytes that append_base64 writes as exactly this text; any other text has none.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace timestore
