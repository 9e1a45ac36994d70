// A block of a program as an LLVM function.
#ifndef RUNTIME_JIT_BLOCK_CODE_H_
#define RUNTIME_JIT_BLOCK_CODE_H_

#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>

#include <cstdint>
#include <memory>

#include "runtime/jit/block_shape.h"
#include "runtime/program/layout.h"

namespace policy::jit {

// A module whose one function, kBlockSymbol, is the block; null where the program has an
// instruction that is not understood here.
std::unique_ptr<llvm::Module> WriteBlock(const Layout& layout, const BlockShape& shape,
                                         llvm::LLVMContext& context);

}  // namespace policy::jit

#endif  // RUNTIME_JIT_BLOCK_CODE_H_
