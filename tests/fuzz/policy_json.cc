// Any bytes as a policy: no crash, no hang; what compiles is JSON to others too, and loads.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "policy/check.h"
#include "tests/fuzz/policies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto optimised = fuzz::CompileText(text, /*optimise=*/true);
  const auto plain = fuzz::CompileText(text, /*optimise=*/false);
  CHECK(optimised.empty() == plain.empty());
  if (optimised.empty()) return 0;
  CHECK(nlohmann::json::accept(text));
  CHECK(fuzz::CompileText(text, /*optimise=*/true) == optimised);  // the same, byte for byte
  fuzz::LoadCompiled(optimised);
  fuzz::LoadCompiled(plain);
  return 0;
}
