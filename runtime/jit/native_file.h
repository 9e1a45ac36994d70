// Machine code made beforehand, beside a compiled policy: what `policyc compile --native` writes
// and `policyd run --native` loads.
#ifndef RUNTIME_JIT_NATIVE_FILE_H_
#define RUNTIME_JIT_NATIVE_FILE_H_

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/program.h"
#include "runtime/jit/object_source.h"

namespace policy::jit {

// Larger files are not read.
inline constexpr std::size_t kNativeFileBytesMax = std::size_t{512} << 20;

// `objects`: of every block of `program`, in their order.
std::string WriteNativeFile(const Program& program, std::span<const BlockObject> objects);

// The objects, where `bytes` are whole, of this very program, and made for this policyd. The error
// is a sentence without the file's name.
std::expected<std::vector<BlockObject>, std::string> ReadNativeFile(std::string_view bytes,
                                                                    const Program& program);

// The bytes of a file that nobody but the user and root can write to; links are not followed. Code
// in it will run, so who could write it decides. The error is a sentence that names the file.
std::expected<std::string, std::string> ReadTrustedFile(const std::string& path);

}  // namespace policy::jit

#endif  // RUNTIME_JIT_NATIVE_FILE_H_
