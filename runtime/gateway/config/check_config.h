// `policyd check-config`: everything that `policyd serve` would find wrong before it starts.
#ifndef RUNTIME_GATEWAY_CONFIG_CHECK_CONFIG_H_
#define RUNTIME_GATEWAY_CONFIG_CHECK_CONFIG_H_

#include <iosfwd>
#include <string>

#include "runtime/gateway/policy_file.h"

namespace policy::gateway {

// Reads the configuration and all that it names, compiles every policy, and says what is in force
// for each grant and server. Returns 0; 1: something is wrong, and is said.
int CheckConfig(const std::string& path, const CompilePolicy& compile, std::ostream& out,
                std::ostream& err);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_CONFIG_CHECK_CONFIG_H_
