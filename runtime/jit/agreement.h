// Machine code against the interpreter, before it decides anything.
#ifndef RUNTIME_JIT_AGREEMENT_H_
#define RUNTIME_JIT_AGREEMENT_H_

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "policy/program.h"
#include "runtime/jit/block_shape.h"
#include "runtime/vm/native_code.h"

namespace policy::jit {

// So many calls a block are made up and decided by both.
inline constexpr int kAgreementCalls = 1000;

// Whether `code` finds what the interpreter finds in block `block`, on calls made of the literals
// that the block compares with, of their neighbours, and of what is missing, broken or of another
// kind. The same block gets the same calls. A call that the code leaves to the interpreter agrees.
// The result is how many it answered itself; the error says on which call they differ.
std::expected<int, std::string> CheckAgreement(const std::shared_ptr<const Program>& program,
                                               std::uint32_t block, const BlockShape& shape,
                                               NativeBlock code);

}  // namespace policy::jit

#endif  // RUNTIME_JIT_AGREEMENT_H_
