#include "engine/query/influxql/plan.h"

#include <algorithm>
#include <utility>

#include "engine/query/influxql/plan_parts.h"
#include "engine/query/influxql/plan_text.h"

namespace timestore::query::influxql {
namespace {

using Kind = Expression::Kind;

class Planner {
 public:
  Planner(const Select& select, const Surroundings& around)
      : select_(select), around_(around), plan_(std::make_shared<Plan>()) {}

  Answer<std::shared_ptr<const Plan>> plan() {
    for (const auto step : {&Planner::resolve_names, &Planner::resolve_time, &Planner::resolve_calls,
                            &Planner::resolve_values, &Planner::resolve_sources}) {
      if (auto done = (this->*step)(); !done) return tl::unexpected(done.error());
    }
    return std::shared_ptr<const Plan>(std::move(plan_));
  }

 private:
  Answer<void> resolve_names() {
    auto offered = offered_by(select_.from, *around_.schema);
    if (!offered) return tl::unexpected(offered.error());
    offered_ = std::move(*offered);
    auto fields = expand_fields(select_, offered_);
    if (!fields) return tl::unexpected(fields.error());
    fields_ = std::move(*fields);
    const bool has_fields = !fields_.empty();
    const std::string time_name = take_time(fields_);
    if (has_fields && fields_.empty()) return refuse("", "at least 1 non-time field must be queried");
    if (auto valid = validate(select_, fields_); !valid) return valid;
    for (Field& field : fields_) make_keys_tags(field.value);
    add_key_fields(fields_);
    plan_->columns = column_names(fields_, time_name);
    auto dimensions = expand_dimensions(select_, offered_);
    if (!dimensions) return tl::unexpected(dimensions.error());
    plan_->dimensions = std::move(*dimensions);
    for (const Field& field : fields_) {
      const auto type = type_of(field.value, offered_);
      if (!type) return tl::unexpected(type.error());
      plan_->types.push_back(*type);
    }
    for (Field& field : fields_) annotate(field.value, offered_);
    return {};
  }

  // A field is no key of top() and bottom(): it counts as a tag that is missing.
  static void make_keys_tags(Expression& call) {
    if (call.kind != Kind::kCall || (call.text != "top" && call.text != "bottom")) return;
    for (size_t at = 1; at + 1 < call.operands.size(); ++at) call.operands[at].type = "tag";
  }

  Answer<void> resolve_time() {
    plan_->zone = select_.zone;
    if (plan_->zone.empty() && around_.outer != nullptr) plan_->zone = around_.outer->zone;
    if (!plan_->zone.empty() && plan_->zone != "UTC") {
      auto zone = TimeZone::named(plan_->zone);
      if (!zone && zone.error().is_environment) return environment(Error{zone.error().sentence});
      if (!zone) return refuse("", "unable to find time zone " + plan_->zone);
      plan_->windows.zone = std::make_shared<const TimeZone>(std::move(*zone));
    }
    const auto interval = interval_of(select_, around_.now_ns);
    if (!interval) return tl::unexpected(interval.error());
    plan_->windows.interval_ns = interval->interval_ns;
    plan_->windows.offset_ns = interval->offset_ns;
    auto condition = split_condition(select_.where, around_.now_ns, plan_->windows.zone.get());
    if (!condition) return tl::unexpected(condition.error());
    plan_->condition = std::move(condition->rest);
    plan_->windows.bounds = bounds_of(*condition);
    plan_->fill = select_.fill;
    plan_->page = select_.page;
    plan_->is_descending = select_.is_descending;
    if (around_.outer != nullptr) {
      if (auto fitted = fit_into(*around_.outer); !fitted) return fitted;
    }
    TimeBounds& bounds = plan_->windows.bounds;
    if (plan_->has_interval() && bounds.last_ns == kLastTime) bounds.last_ns = around_.now_ns;
    return {};
  }

  // Whether it has a function of windows, and not only of neighbouring points.
  static bool makes_windows(const Expression& expression) {
    if (is_aggregate(expression) && (!is_transform(expression.text) || expression.text == "integral")) return true;
    return std::any_of(expression.operands.begin(), expression.operands.end(), makes_windows);
  }

  Answer<void> fit_into(const Plan& outer) {
    if (plan_->is_descending && !outer.is_descending) {
      return refuse("", "subqueries must be ordered in the same direction as the query itself");
    }
    plan_->is_descending = outer.is_descending;
    TimeBounds& bounds = plan_->windows.bounds;
    bounds.first_ns = std::max(bounds.first_ns, outer.windows.bounds.first_ns);
    bounds.last_ns = std::min(bounds.last_ns, outer.windows.bounds.last_ns);
    const bool aggregates =
        std::any_of(fields_.begin(), fields_.end(), [](const Field& field) { return makes_windows(field.value); });
    if (aggregates && !plan_->has_interval()) {
      plan_->windows.interval_ns = outer.windows.interval_ns;
      plan_->windows.offset_ns = outer.windows.offset_ns;
    }
    if (plan_->fill.kind == QueryFill::Kind::kNull) plan_->fill.kind = QueryFill::Kind::kNone;
    plan_->outer_dimensions = outer.dimensions;
    std::set<std::string> all(plan_->dimensions.begin(), plan_->dimensions.end());
    all.insert(outer.dimensions.begin(), outer.dimensions.end());
    plan_->dimensions.assign(all.begin(), all.end());
    return {};
  }

  size_t ref_of(const Expression& variable) {
    const Ref ref{variable.text, type_of_variable(variable, offered_)};
    for (size_t at = 0; at < plan_->refs.size(); ++at) {
      if (plan_->refs[at].name == ref.name && plan_->refs[at].type == ref.type) return at;
    }
    plan_->refs.push_back(ref);
    return plan_->refs.size() - 1;
  }

  Answer<void> find_calls(const Expression& expression) {
    if (is_aggregate(expression)) {
      const std::string text = text_of(expression);
      if (std::find(texts_.begin(), texts_.end(), text) != texts_.end()) return {};
      auto call = call_of(expression);
      if (!call) return tl::unexpected(call.error());
      texts_.push_back(text);
      plan_->calls.push_back(std::move(*call));
      return {};
    }
    for (const Expression& operand : expression.operands) {
      if (auto found = find_calls(operand); !found) return found;
    }
    return {};
  }

  // A function that cannot be computed of values of this type.
  static bool takes(const std::string& function, DataType type) {
    if (is_numeric(type) || type == DataType::kUnknown || type == DataType::kTag) return true;
    for (const std::string_view of_all : {"count", "first", "last", "distinct", "mode", "elapsed"}) {
      if (function == of_all) return true;
    }
    return type == DataType::kBoolean && (function == "min" || function == "max");
  }

  Answer<Call> call_of(const Expression& expression) {
    Call call{.name = expression.text};
    const Expression& argument = expression.operands[0];
    if (argument.kind == Kind::kCall) {
      auto inner = call_of(argument);
      if (!inner) return inner;
      call.input = inner->result;
      call.inner = std::make_shared<const Call>(std::move(*inner));
    } else {
      call.input = type_of_variable(argument, offered_);
      call.ref = ref_of(argument);
    }
    if (call.input == DataType::kTag) call.input = DataType::kUnknown;
    if (!takes(call.name, call.input)) {
      return refuse("", call.name + "() does not take " + std::string(name_of(call.input)) + " values");
    }
    call.result = result_type(call.name, call.input);
    const bool has_keys = call.name == "top" || call.name == "bottom";
    const Expression& last = expression.operands.back();
    if (call.name == "percentile") {
      call.percent = last.kind == Kind::kNumber ? last.number : static_cast<double>(last.integer);
    } else if (has_keys || call.name == "moving_average") {
      call.count = last.integer;
    } else if (expression.operands.size() == 2) {
      call.unit_ns = last.integer;
    }
    for (size_t at = 1; has_keys && at + 1 < expression.operands.size(); ++at) {
      call.key_refs.push_back(ref_of(expression.operands[at]));
    }
    return call;
  }

  Answer<void> resolve_calls() {
    for (const Field& field : fields_) {
      if (auto found = find_calls(field.value); !found) return found;
    }
    plan_->is_selector = plan_->calls.size() == 1 && is_selector(plan_->calls[0].name);
    return {};
  }

  void find_selected(const Expression& expression) {
    if (is_aggregate(expression)) return;
    if (expression.kind == Kind::kVariable) {
      const size_t ref = ref_of(expression);
      auto& selected = plan_->selected;
      if (std::find(selected.begin(), selected.end(), ref) == selected.end()) selected.push_back(ref);
    }
    for (const Expression& operand : expression.operands) find_selected(operand);
  }

  Answer<void> resolve_values() {
    for (const Field& field : fields_) find_selected(field.value);
    if (plan_->condition) add_condition_refs(*plan_->condition);
    const auto slot_of = [&](const Expression& expression) -> std::optional<size_t> {
      if (expression.kind == Kind::kVariable) return plan_->calls.size() + ref_of(expression);
      if (!is_aggregate(expression)) return std::nullopt;
      const auto known = std::find(texts_.begin(), texts_.end(), text_of(expression));
      return static_cast<size_t>(known - texts_.begin());
    };
    for (const Field& field : fields_) {
      auto term = term_of(field.value, slot_of);
      if (!term) return tl::unexpected(term.error());
      plan_->values.push_back(std::move(*term));
    }
    return {};
  }

  void add_condition_refs(Expression& expression) {
    if (expression.kind == Kind::kVariable) {
      ref_of(expression);
      if (expression.type == "field") expression.type = name_of(type_of_variable(expression, offered_));
    }
    for (Expression& operand : expression.operands) add_condition_refs(operand);
  }

  Answer<void> resolve_sources() {
    for (const From& from : select_.from) {
      if (from.subquery) {
        Surroundings inner = around_;
        inner.outer = plan_.get();
        auto plan = plan_select(*from.subquery, inner);
        if (!plan) return tl::unexpected(plan.error());
        plan_->sources.push_back({.subquery = std::move(*plan)});
        continue;
      }
      const auto wants = measurements_among({from});
      if (!wants) return tl::unexpected(wants.error());
      for (const auto& known : *around_.schema) {
        const bool is_there = std::any_of(plan_->sources.begin(), plan_->sources.end(),
                                          [&](const PlanSource& source) { return source.schema == &known.second; });
        if (!is_there && (*wants)(known.first)) {
          plan_->sources.push_back({.measurement = known.first, .schema = &known.second, .subquery = {}});
        }
      }
    }
    return {};
  }

  const Select& select_;
  const Surroundings& around_;
  std::shared_ptr<Plan> plan_;
  Offered offered_;
  std::vector<Field> fields_;
  std::vector<std::string> texts_;  // of the calls
};

}  // namespace

Answer<std::shared_ptr<const Plan>> plan_select(const Select& select, const Surroundings& surroundings) {
  return Planner(select, surroundings).plan();
}

Answer<std::function<bool(const std::string&)>> measurements_among(const std::vector<From>& from) {
  std::set<std::string> names;
  std::vector<Regex> regexes;
  for (const From& source : from) {
    if (source.subquery) continue;
    if (!source.measurement.regex) {
      names.insert(source.measurement.name);
      continue;
    }
    auto regex = Regex::compile(*source.measurement.regex);
    if (!regex) return tl::unexpected(regex.error());
    regexes.push_back(std::move(*regex));
  }
  return [names = std::move(names), regexes = std::move(regexes)](const std::string& name) {
    return names.contains(name) ||
           std::any_of(regexes.begin(), regexes.end(), [&](const Regex& regex) { return regex.matches(name); });
  };
}

Answer<std::function<bool(const std::string&)>> measurements_of(const Select& select) {
  std::vector<From> all;
  const std::function<void(const Select&)> gather = [&](const Select& part) {
    for (const From& from : part.from) {
      if (from.subquery)
        gather(*from.subquery);
      else
        all.push_back(from);
    }
  };
  gather(select);
  return measurements_among(all);
}

Answer<Interval> interval_of(const Select& select, int64_t now_ns) {
  Interval interval;
  bool is_known = false;
  for (const Expression& key : select.group_by) {
    if (key.kind != Kind::kCall) continue;
    if (key.text != "time") return refuse("", "only time() calls allowed in dimensions");
    if (is_known) return refuse("", "multiple time dimensions not allowed");
    is_known = true;
    if (key.operands.empty() || key.operands.size() > 2) {
      return refuse("", "time dimension expected 1 or 2 arguments");
    }
    if (key.operands[0].kind != Kind::kDuration) return refuse("", "time dimension must have duration argument");
    interval.interval_ns = key.operands[0].integer;
    if (interval.interval_ns < 0) return refuse("", "the duration of a time dimension must not be negative");
    if (key.operands.size() < 2 || interval.interval_ns == 0) continue;
    const Expression& offset = key.operands[1];
    int64_t offset_ns = offset.integer;
    if (offset.kind == Kind::kCall && offset.text == "now") {
      offset_ns = now_ns;
    } else if (offset.kind == Kind::kString) {
      const auto moment = parse_time_text(offset.text, nullptr);
      if (!moment) return refuse("", "time dimension offset must be duration or now()");
      offset_ns = *moment;
    } else if (offset.kind != Kind::kDuration) {
      return refuse("", "time dimension offset must be duration or now()");
    }
    interval.offset_ns = offset_ns % interval.interval_ns;
  }
  return interval;
}

}  // namespace timestore::query::influxql
