#include "engine/wire/belonging_json.h"

#include "engine/base/check.h"

namespace timestore::raft {

void append_belonging(std::string& out, const Belonging& belonging) {
  if (!belonging.is_told) return;
  out.append(R"(,"cluster":")").append(to_text(belonging.cluster)).append("\"");
  if (belonging.is_settled) out += R"(,"settled":true)";
  if (belonging.is_blank) out += R"(,"blank":true)";
}

Belonging read_belonging(ObjectReader& reader) {
  const auto text = reader.optional_text("cluster");
  Belonging belonging{.is_told = text.has_value(),
                      .cluster = {},
                      .is_settled = reader.optional_boolean("settled"),
                      .is_blank = reader.optional_boolean("blank")};
  if (!text) return {};
  const auto id = parse_cluster_id(*text);
  if (!id) reader.complain("cluster", "must be 32 hexadecimal digits");
  belonging.cluster = id.value_or(ClusterId{});
  return belonging;
}

}  // namespace timestore::raft
