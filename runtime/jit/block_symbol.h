// The name of the function of an object, between the program that makes it and the one that links.
#ifndef RUNTIME_JIT_BLOCK_SYMBOL_H_
#define RUNTIME_JIT_BLOCK_SYMBOL_H_

namespace policy::jit {

inline constexpr const char* kBlockSymbol = "policy_block";  // a NativeBlock

}  // namespace policy::jit

#endif  // RUNTIME_JIT_BLOCK_SYMBOL_H_
