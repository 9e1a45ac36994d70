// A tools/call request as the peers in C++ read it: by simdjson's On-Demand, which looks at what is
// asked for and validates no more than that.
#ifndef BENCH_PEERS_CPP_REQUEST_H_
#define BENCH_PEERS_CPP_REQUEST_H_

#include <simdjson.h>

#include <string>
#include <string_view>

#include "policy/check.h"

namespace race {

// Calls take(tool), then take(name, value) of each argument.
template <typename TakeTool, typename TakeArgument>
void ReadRequest(simdjson::ondemand::parser& parser, const std::string& request, TakeTool take_tool,
                 TakeArgument take_argument) {
  // Requests are written with the name first, and have the padding: Padded.
  simdjson::ondemand::document document;
  CHECK(parser.iterate(request.data(), request.size(), request.capacity()).get(document) ==
        simdjson::SUCCESS);
  simdjson::ondemand::object params = document["params"].get_object();
  take_tool(std::string_view(params["name"].get_string()));
  for (auto field : params["arguments"].get_object()) {
    const std::string_view name = field.unescaped_key();
    take_argument(name, field.value());
  }
}

inline std::string Padded(const std::string& request) {
  std::string padded;
  padded.reserve(request.size() + simdjson::SIMDJSON_PADDING);
  padded = request;
  return padded;
}

}  // namespace race

#endif  // BENCH_PEERS_CPP_REQUEST_H_
