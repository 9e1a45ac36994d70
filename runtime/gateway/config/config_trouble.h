// What is wrong with a file of configuration, and where.
#ifndef RUNTIME_GATEWAY_CONFIG_CONFIG_TROUBLE_H_
#define RUNTIME_GATEWAY_CONFIG_CONFIG_TROUBLE_H_

#include <cstdint>
#include <string>
#include <vector>

namespace policy::gateway {

struct ConfigTrouble {
  std::string path;
  std::uint32_t line = 0;    // from 1; 0: the file as a whole
  std::uint32_t column = 0;  // from 1, in code points
  std::string text;          // lower case, no final period; may have lines of its own below

  // "policyd.json:3:5: unknown key `sevrers`; did you mean `servers`?"
  std::string ToText() const;
};
using ConfigTroubles = std::vector<ConfigTrouble>;

// A line each.
std::string ToText(const ConfigTroubles& troubles);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_CONFIG_CONFIG_TROUBLE_H_
