#include "net/api/swagger_api.h"

#include "net/swagger/files.h"

namespace timestore::net {

namespace {

constexpr const char* kPage = "/swagger/index.html";

// The page may run what stands in it and talk to this node; nothing else.
constexpr const char* kContentSecurityPolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

void answer_page(httplib::Response& response) {
  response.set_header("Content-Security-Policy", kContentSecurityPolicy);
  response.set_content(std::string(kSwaggerIndexHtml), "text/html; charset=utf-8");
}

}  // namespace

void SwaggerApi::add_routes(http::Router& router) const {
  router.add({.method = "GET", .pattern = "/swagger/v1/swagger.json", .handler = [](const auto&, auto& response) {
                response.set_content(std::string(kOpenApiJson), "application/json");
              }});
  router.add(
      {.method = "GET", .pattern = kPage, .handler = [](const auto&, auto& response) { answer_page(response); }});
  router.add({.method = "GET", .pattern = "/swagger", .handler = [](const auto&, auto& response) {
                response.set_redirect(kPage);
              }});
}

}  // namespace timestore::net
