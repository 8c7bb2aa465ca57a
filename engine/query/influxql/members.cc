#include <algorithm>
#include <utility>

#include "engine/query/influxql/row_source.h"

namespace timestore::query::influxql {
namespace {

std::optional<size_t> ref_named(const Plan& plan, const Expression& variable) {
  const bool is_tag = variable.type == "tag";
  const DataType type = data_type_named(variable.type);
  std::optional<size_t> found;
  for (size_t at = 0; at < plan.refs.size(); ++at) {
    const Ref& ref = plan.refs[at];
    if (ref.name != variable.text || (ref.type == DataType::kTag) != is_tag) continue;
    if (!found || ref.type == type) found = at;
  }
  return found;
}

}  // namespace

Answer<std::map<GroupKey, std::vector<Member>>> members_of(const Plan& plan, const PlanSource& of) {
  std::map<GroupKey, std::vector<Member>> members;
  const auto slot_of = [&](const Expression& expression) -> std::optional<size_t> {
    return expression.kind == Expression::Kind::kVariable ? ref_named(plan, expression) : std::nullopt;
  };
  std::shared_ptr<const Term> same;  // most sets of tags are left with the same condition
  std::string same_text;
  for (const TagSet& tags : of.schema->tag_sets) {
    Member member{.tags = &tags};
    if (plan.condition) {
      const auto bound = bound_to(*plan.condition, *of.schema, tags);
      if (!bound) return tl::unexpected(bound.error());
      if (is_constant(*bound, false)) continue;
      if (!is_constant(*bound, true)) {
        std::string text = text_of(*bound);
        if (!same || text != same_text) {
          auto term = term_of(*bound, slot_of);
          if (!term) return tl::unexpected(term.error());
          same = std::make_shared<const Term>(std::move(*term));
          same_text = std::move(text);
        }
        member.condition = same;
      }
    }
    GroupKey key{.measurement = of.measurement, .tags = {}};
    for (const std::string& dimension : plan.dimensions) key.tags.push_back(tags.tag(dimension));
    members[std::move(key)].push_back(std::move(member));
  }
  return members;
}

}  // namespace timestore::query::influxql
