#include "compiler/analyse/block_cover.h"

#include <algorithm>

#include "runtime/value/glob.h"

namespace policy {

// A star of `inner` can only be met by one of `outer`, which then takes whatever stands for it.
bool CoversPattern(std::string_view outer, std::string_view inner) {
  return GlobMatches(outer, inner);
}

BlockCover::BlockCover(const ir::Policy& policy) : policy_(policy) {
  for (std::size_t i = 0; i < policy.blocks.size(); ++i) {
    for (const std::string_view pattern : policy.blocks[i].patterns) {
      by_pattern_[pattern].push_back(i);
      const std::size_t star = pattern.find('*');
      if (star != std::string_view::npos) by_head_[star][pattern.substr(0, star)].push_back(i);
    }
  }
}

bool BlockCover::FindCandidates(std::string_view pattern,
                                std::vector<std::size_t>& candidates) const {
  bool is_whole = true;
  const auto add = [&](const std::vector<std::size_t>& blocks) {
    const std::size_t count = std::min(blocks.size(), kCoveringBlocksMax);
    is_whole = is_whole && count == blocks.size();
    candidates.insert(candidates.end(), blocks.begin(),
                      blocks.begin() + static_cast<std::ptrdiff_t>(count));
  };
  if (const auto found = by_pattern_.find(pattern); found != by_pattern_.end()) add(found->second);
  const std::size_t head_size = std::min(pattern.find('*'), pattern.size());
  for (const auto& [size, by_head] : by_head_) {
    if (size > head_size) break;
    const auto found = by_head.find(pattern.substr(0, size));
    if (found != by_head.end()) add(found->second);
  }
  std::ranges::sort(candidates);
  const auto repeated = std::ranges::unique(candidates);
  candidates.erase(repeated.begin(), repeated.end());
  return is_whole;
}

bool BlockCover::Covers(const ir::Block& outer, const ir::Block& inner) const {
  if (outer.server && outer.server != inner.server) return false;
  return std::ranges::all_of(inner.patterns, [&](std::string_view pattern) {
    return std::ranges::any_of(
        outer.patterns, [&](std::string_view other) { return CoversPattern(other, pattern); });
  });
}

std::vector<std::size_t> BlockCover::Covering(std::size_t block) const {
  const ir::Block& inner = policy_.blocks[block];
  std::vector<std::size_t> candidates = {block};
  FindCandidates(inner.patterns[0], candidates);
  std::erase_if(candidates, [&](std::size_t other) {
    return other != block && !Covers(policy_.blocks[other], inner);
  });
  return candidates;
}

std::optional<std::vector<std::size_t>> BlockCover::Naming(std::string_view tool) const {
  std::vector<std::size_t> candidates;
  if (!FindCandidates(tool, candidates)) return std::nullopt;
  std::erase_if(candidates, [&](std::size_t block) {
    return std::ranges::none_of(policy_.blocks[block].patterns, [&](std::string_view pattern) {
      return GlobMatches(pattern, tool);
    });
  });
  if (candidates.size() > kCoveringBlocksMax) return std::nullopt;
  return candidates;
}

}  // namespace policy
