// SHA-256 of bytes, and what tells one build of a program file from another.
#ifndef RUNTIME_JIT_FILE_DIGEST_H_
#define RUNTIME_JIT_FILE_DIGEST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace policy::jit {

using Digest = std::array<std::uint8_t, 32>;

Digest DigestOf(std::string_view bytes);
std::string HexOf(const Digest& digest);

// Device, inode, size and time of a file, as text: another file, or the same written anew, has
// another. Empty where it cannot be looked at.
std::string IdentityOf(const std::string& path);

// The bytes of what `descriptor` reads, from its start. Empty: it is larger than `bytes_max`, or
// cannot be read.
std::string ReadWhole(int descriptor, std::size_t bytes_max);

}  // namespace policy::jit

#endif  // RUNTIME_JIT_FILE_DIGEST_H_
