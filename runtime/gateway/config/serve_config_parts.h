// The parts of policyd.json that stand in files of their own, for the reader of the whole.
#ifndef RUNTIME_GATEWAY_CONFIG_SERVE_CONFIG_PARTS_H_
#define RUNTIME_GATEWAY_CONFIG_SERVE_CONFIG_PARTS_H_

#include "runtime/gateway/config/json_reading.h"
#include "runtime/gateway/config/serve_config.h"

namespace policy::gateway {

// `servers`.
void ReadServers(JsonInput& input, const JsonNode& node, ServeConfig& config);
// `oauth` and `certificates`.
void ReadOauth(JsonInput& input, const JsonNode& node, ServeConfig& config);
void ReadCertificates(JsonInput& input, const JsonNode& node, ServeConfig& config);

// What servers and grants are called: letters, digits, `_`, `-` and `.`, at most 64. They stand in
// paths, in counters and in logs.
bool IsPlainName(std::string_view name);
// As transport::ParseHttpUrl takes it. Reports what is not.
bool CheckUrl(JsonInput& input, const JsonNode& node, std::string_view key, std::string_view url);
// Whether what goes to `url` can be read on the way: http, and no loopback address.
bool IsReadableOnTheWay(std::string_view url);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_CONFIG_SERVE_CONFIG_PARTS_H_
