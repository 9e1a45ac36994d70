// What machine code has built in of this policyd.
#ifndef RUNTIME_JIT_NATIVE_LAYOUT_H_
#define RUNTIME_JIT_NATIVE_LAYOUT_H_

#include <string>

namespace policy::jit {

// The machine, the sizes and offsets of the records that code reads and writes, and the version of
// its callbacks, as text. Code that was made under another text must not run here.
std::string NativeLayout();

}  // namespace policy::jit

#endif  // RUNTIME_JIT_NATIVE_LAYOUT_H_
