#include "net/http/message.h"

#include <algorithm>

#include "engine/base/check.h"

namespace timestore::http {

std::string_view Request::header(std::string_view name) const {
  for (const HeaderField& field : head.fields) {
    if (equal_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

bool Request::has_header(std::string_view name) const {
  return std::any_of(head.fields.begin(), head.fields.end(),
                     [&](const HeaderField& field) { return equal_ignoring_case(field.name, name); });
}

std::vector<std::string_view> Request::headers(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const HeaderField& field : head.fields) {
    if (equal_ignoring_case(field.name, name)) values.push_back(field.value);
  }
  return values;
}

const std::string& Request::param(const std::string& name) const {
  static const std::string kNone;
  const auto found = params.find(name);
  return found == params.end() ? kNone : found->second;
}

const std::string& Request::path_parameter(std::string_view name) const {
  const auto found = std::find_if(path_parameters.begin(), path_parameters.end(),
                                  [&](const auto& parameter) { return parameter.first == name; });
  TIMESTORE_CHECK(found != path_parameters.end(), "a handler asked for a path parameter that its pattern lacks");
  return found->second;
}

void Response::set_content(std::string text, std::string_view type) {
  body = std::move(text);
  content_type = type;
  writer = nullptr;
}

void Response::set_writer(std::string_view type, BodyWriter makes_body) {
  body.clear();
  content_type = type;
  writer = std::move(makes_body);
}

void Response::set_header(std::string_view name, std::string value) {
  remove_header(name);
  headers.emplace_back(name, std::move(value));
}

void Response::remove_header(std::string_view name) {
  std::erase_if(headers, [&](const auto& header) { return equal_ignoring_case(header.first, name); });
}

void Response::redirect(std::string location) {
  status = 302;
  set_header("Location", std::move(location));
}

std::string_view Response::header(std::string_view name) const {
  for (const auto& [known, value] : headers) {
    if (equal_ignoring_case(known, name)) return value;
  }
  return {};
}

bool Response::has_header(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return equal_ignoring_case(header.first, name); });
}

}  // namespace timestore::http
