#include "runtime/gateway/config/config_trouble.h"

namespace policy::gateway {

std::string ConfigTrouble::ToText() const {
  std::string out = path;
  if (line != 0) out += ":" + std::to_string(line) + ":" + std::to_string(column);
  return out + ": " + text;
}

std::string ToText(const ConfigTroubles& troubles) {
  std::string out;
  for (const ConfigTrouble& trouble : troubles) out += trouble.ToText() + "\n";
  return out;
}

}  // namespace policy::gateway
