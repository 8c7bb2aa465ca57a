#include "net/api/swagger_api.h"

#include <utility>

#include "net/swagger/files.h"

namespace timestore::net {

namespace {

constexpr const char* kPage = "/swagger/index.html";

// The page may run what stands in it and talk to this node; nothing else.
constexpr const char* kContentSecurityPolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

void answer_page(http::Response& response) {
  response.set_header("Content-Security-Policy", kContentSecurityPolicy);
  response.set_content(std::string(kSwaggerIndexHtml), "text/html; charset=utf-8");
}

}  // namespace

void SwaggerApi::add_routes(http::Router& router) const {
  const auto answers = [&](const char* pattern, http::Handler handler) {
    router.add({.method = "GET", .pattern = pattern, .handler = std::move(handler), .audience = http::Audience::kOpen});
  };
  answers("/swagger/v1/swagger.json",
          [](const auto&, auto& response) { response.set_content(std::string(kOpenApiJson), "application/json"); });
  answers(kPage, [](const auto&, auto& response) { answer_page(response); });
  answers("/swagger", [](const auto&, auto& response) { response.redirect(kPage); });
}

}  // namespace timestore::net
