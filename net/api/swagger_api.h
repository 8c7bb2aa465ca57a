// The API's description, at the paths where the original had it.
//
//   GET /swagger/v1/swagger.json   the OpenAPI document
//   GET /swagger/index.html        a page that shows it and sends requests; needs no other host
//   GET /swagger                   302 to the page
//
// What an endpoint takes and answers is written down in net/swagger/openapi.json, by hand: who changes the one changes
// the other.
#pragma once

#include "net/http/router.h"

namespace timestore::net {

class SwaggerApi {
 public:
  // The routes refer to nothing of this object.
  void add_routes(http::Router& router) const;
};

}  // namespace timestore::net
