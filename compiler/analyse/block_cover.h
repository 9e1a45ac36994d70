// Which blocks of the policy speak about the tools of another.
#ifndef COMPILER_ANALYSE_BLOCK_COVER_H_
#define COMPILER_ANALYSE_BLOCK_COVER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "compiler/ir/ir.h"

namespace policy {

// Whether every name that `inner` matches is one that `outer` matches.
bool CoversPattern(std::string_view outer, std::string_view inner);

// Blocks looked at for one block: of a policy with more overlapping patterns some pairs are not
// compared.
inline constexpr std::size_t kCoveringBlocksMax = 64;

// Built once, asked for every block: patterns are found by what stands before their first star, so
// that no block is compared with every other. The policy outlives it.
class BlockCover {
 public:
  explicit BlockCover(const ir::Policy& policy);

  // The blocks, `block` among them, whose rules run for every call that `block` is about, in policy
  // order. Hidden ones too.
  std::vector<std::size_t> Covering(std::size_t block) const;

  // The blocks with a pattern that matches the tool, on whatever server, in policy order. nullopt:
  // more than kCoveringBlocksMax.
  std::optional<std::vector<std::size_t>> Naming(std::string_view tool) const;

 private:
  // Blocks with a pattern that may cover `pattern`, sorted. False: some were left out.
  bool FindCandidates(std::string_view pattern, std::vector<std::size_t>& candidates) const;
  bool Covers(const ir::Block& outer, const ir::Block& inner) const;

  const ir::Policy& policy_;
  std::unordered_map<std::string_view, std::vector<std::size_t>> by_pattern_;
  // Patterns with a star by what stands before it, by the size of that.
  std::map<std::size_t, std::unordered_map<std::string_view, std::vector<std::size_t>>> by_head_;
};

}  // namespace policy

#endif  // COMPILER_ANALYSE_BLOCK_COVER_H_
