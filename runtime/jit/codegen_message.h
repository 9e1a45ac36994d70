// What policyd and policyd-codegen say to each other, as bytes: a program and the numbers of its
// blocks one way, an object or a reason for each the other.
#ifndef RUNTIME_JIT_CODEGEN_MESSAGE_H_
#define RUNTIME_JIT_CODEGEN_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/jit/object_source.h"

namespace policy::jit {

// So many blocks are asked for at once; larger programs are asked for in several requests.
inline constexpr std::size_t kBlocksPerRequestMax = 64;
// An answer may be so long.
inline constexpr std::size_t kAnswerBytesMax = std::size_t{64} << 20;

// The argument that asks for LLVM IR as text in the place of objects.
inline constexpr const char* kPrintArgument = "--print";

// Where the two meet: descriptors of policyd-codegen.
inline constexpr int kRequestDescriptor = 3;
inline constexpr int kAnswerDescriptor = 4;

struct CodegenRequest {
  std::vector<std::uint32_t> blocks;
  std::span<const std::byte> program;  // of the bytes that were read
};

std::string WriteRequest(std::span<const std::byte> program, std::span<const std::uint32_t> blocks);
// nullopt: it is none.
std::optional<CodegenRequest> ReadRequest(std::string_view bytes);

// All of a message to either end. False: it cannot be written, as errno says.
bool WriteAll(int descriptor, std::string_view bytes);

std::string WriteAnswer(std::span<const BlockObject> objects);
// nullopt: it is none, not whole, or not about `count` blocks. Any bytes are safe to give.
std::optional<std::vector<BlockObject>> ReadAnswer(std::string_view bytes, std::size_t count);

}  // namespace policy::jit

#endif  // RUNTIME_JIT_CODEGEN_MESSAGE_H_
