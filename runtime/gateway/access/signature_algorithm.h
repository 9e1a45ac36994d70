// How a token may be signed. Nothing else is: `none`, and what is keyed by a shared secret, least.
#ifndef RUNTIME_GATEWAY_ACCESS_SIGNATURE_ALGORITHM_H_
#define RUNTIME_GATEWAY_ACCESS_SIGNATURE_ALGORITHM_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

namespace policy::gateway {

enum class SignatureAlgorithm : std::uint8_t { Rs256, Ps256, Es256, EdDsa };

// As `alg` says them; by the enumerator.
inline constexpr std::string_view kSignatureAlgorithmNames[] = {"RS256", "PS256", "ES256", "EdDSA"};

constexpr std::optional<SignatureAlgorithm> FindSignatureAlgorithm(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kSignatureAlgorithmNames); ++i) {
    if (kSignatureAlgorithmNames[i] == name) return static_cast<SignatureAlgorithm>(i);
  }
  return std::nullopt;
}

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ACCESS_SIGNATURE_ALGORITHM_H_
