#include "runtime/gateway/config/check_config.h"

#include <ostream>

#include "runtime/gateway/config/serve_state.h"

namespace policy::gateway {

int CheckConfig(const std::string& path, const CompilePolicy& compile, std::ostream& out,
                std::ostream& err) {
  const ServeBuild build = BuildServeState(path, compile, nullptr, {});
  if (build.state == nullptr) {
    err << ToText(build.troubles);
    return 1;
  }
  for (const std::string& warning : build.state->warnings) err << warning << "\n";
  const ServeConfig& config = *build.state->config;
  for (const auto& grant : build.state->access->grants.all()) {
    for (const auto& [name, server] : config.servers) {
      out << grant->id << " " << name << " ";
      const ServedPolicy* const policy = build.state->FindPolicy(*grant, name);
      if (grant->is_revoked() || policy == nullptr) {
        out << "nothing\n";
      } else {
        out << policy->path << " " << policy->program->HashText() << "\n";
      }
    }
  }
  out << path << ": " << config.servers.size() << " servers, "
      << build.state->access->grants.all().size() << " grants, " << build.state->policies.size()
      << " policies" << (config.observes ? "; nothing is denied, only observed" : "") << "\n";
  return 0;
}

}  // namespace policy::gateway
