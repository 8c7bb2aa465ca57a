#include "net/http/problem.h"

#include "engine/base/json_text.h"
#include "net/http/date.h"
#include "net/http/message.h"

namespace timestore::http {
namespace {

constexpr const char* kMediaType = "application/problem+json";

struct Facts {
  int status;
  std::string_view name;
  std::string_view title;
};

Facts facts_of(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::kBadRequest:
      return {400, "bad-request", "Bad Request"};
    case ProblemKind::kNotFound:
      return {404, "not-found", "Not Found"};
    case ProblemKind::kMethodNotAllowed:
      return {405, "method-not-allowed", "Method Not Allowed"};
    case ProblemKind::kNotAcceptable:
      return {406, "not-acceptable", "Not Acceptable"};
    case ProblemKind::kTimeout:
      return {408, "timeout", "Request Timeout"};
    case ProblemKind::kConflict:
      return {409, "conflict", "Conflict"};
    case ProblemKind::kLengthRequired:
      return {411, "length-required", "Length Required"};
    case ProblemKind::kTooLarge:
      return {413, "too-large", "Content Too Large"};
    case ProblemKind::kTargetTooLong:
      return {414, "target-too-long", "URI Too Long"};
    case ProblemKind::kUnsupportedMediaType:
      return {415, "unsupported-media-type", "Unsupported Media Type"};
    case ProblemKind::kExpectationFailed:
      return {417, "expectation-failed", "Expectation Failed"};
    case ProblemKind::kMisdirected:
      return {421, "misdirected", "Misdirected Request"};
    case ProblemKind::kTooMuch:
      return {422, "too-much", "Unprocessable Content"};
    case ProblemKind::kTooManyRequests:
      return {429, "too-many-requests", "Too Many Requests"};
    case ProblemKind::kHeadersTooLarge:
      return {431, "headers-too-large", "Request Header Fields Too Large"};
    case ProblemKind::kInternal:
      return {500, "internal", "Internal Server Error"};
    case ProblemKind::kNotImplemented:
      return {501, "not-implemented", "Not Implemented"};
    case ProblemKind::kUnavailable:
      return {503, "unavailable", "Service Unavailable"};
    case ProblemKind::kVersionNotSupported:
      return {505, "version-not-supported", "HTTP Version Not Supported"};
  }
  return {500, "internal", "Internal Server Error"};  // Unreachable: the switch names every kind.
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  append_json_string(out, name);
  out += ':';
  append_json_string(out, value);
}

void append_list(std::string& out, std::string_view name, const std::vector<std::string>& values) {
  append_json_string(out, name);
  out += ":[";
  for (const std::string& value : values) {
    if (&value != &values.front()) out += ',';
    append_json_string(out, value);
  }
  out += ']';
}

}  // namespace

int status_of(ProblemKind kind) { return facts_of(kind).status; }

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 302:
      return "Found";
    case 307:
      return "Temporary Redirect";
    default:
      break;
  }
  for (int kind = 0; kind <= static_cast<int>(ProblemKind::kVersionNotSupported); ++kind) {
    const Facts facts = facts_of(static_cast<ProblemKind>(kind));
    if (facts.status == status) return facts.title;
  }
  return "";
}

std::string Problem::to_json() const {
  const Facts facts = facts_of(kind);
  std::string out = "{";
  append_member(out, "type", "urn:timestore:problem:" + std::string(facts.name));
  out += ',';
  append_member(out, "title", facts.title);
  out += ",\"status\":" + std::to_string(facts.status);
  if (!detail.empty()) {
    out += ',';
    append_member(out, "detail", detail);
  }
  if (!errors.empty()) {
    out += ",\"errors\":[";
    for (const Fault& fault : errors) {
      if (&fault != &errors.front()) out += ',';
      out += '{';
      append_member(out, "pointer", fault.pointer);
      out += ',';
      append_member(out, "detail", fault.detail);
      out += '}';
    }
    out += ']';
  }
  for (const auto& [name, value] : members) {
    out += ',';
    append_member(out, name, value);
  }
  for (const auto& [name, values] : lists) {
    out += ',';
    append_list(out, name, values);
  }
  out += '}';
  return out;
}

void Problem::write_to(Response& response) const {
  response.status = status_of(kind);
  response.set_content(to_json(), kMediaType);
  if (retry_after_seconds) response.set_header("Retry-After", std::to_string(*retry_after_seconds));
}

std::string Problem::to_message() const {
  const Facts facts = facts_of(kind);
  const std::string body = to_json();
  std::string out = "HTTP/1.1 " + std::to_string(facts.status) + ' ' + std::string(facts.title) + "\r\n";
  out += "Date: " + date_now() + "\r\n";
  out += "Connection: close\r\n";
  out += "Content-Type: " + std::string(kMediaType) + "\r\n";
  out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  if (retry_after_seconds) out += "Retry-After: " + std::to_string(*retry_after_seconds) + "\r\n";
  return out + "\r\n" + body;
}

}  // namespace timestore::http
