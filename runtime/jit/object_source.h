// Where the objects of blocks come from: another process in production, this one in tests.
#ifndef RUNTIME_JIT_OBJECT_SOURCE_H_
#define RUNTIME_JIT_OBJECT_SOURCE_H_

#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "policy/program.h"

namespace policy::jit {

// An ELF object with the function kBlockSymbol, or why this block is not compiled.
using BlockObject = std::expected<std::string, std::string>;

// One object for each of `blocks`, in their order. The error: none could be made, a sentence.
using ObjectSource = std::function<std::expected<std::vector<BlockObject>, std::string>(
    const Program& program, std::span<const std::uint32_t> blocks)>;

}  // namespace policy::jit

#endif  // RUNTIME_JIT_OBJECT_SOURCE_H_
