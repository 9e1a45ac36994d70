#include "runtime/gateway/policy_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace policy::gateway {

std::expected<std::string, std::string> ReadPolicyFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  if (file) {
    constexpr std::size_t kChunkBytes = std::size_t{64} << 10;
    while (file && text.size() <= kPolicyFileBytesMax) {
      const std::size_t size = text.size();
      text.resize(size + kChunkBytes);
      file.read(text.data() + size, kChunkBytes);
      text.resize(size + static_cast<std::size_t>(file.gcount()));
    }
    if (text.size() > kPolicyFileBytesMax) return std::unexpected(path + ": the file is too large");
    if (file.eof()) return text;
  }
  return std::unexpected(path + ": cannot be read: " + std::strerror(errno));
}

LoadedProgram LoadPolicy(const std::string& path, std::string text, const CompilePolicy& compile) {
  if (path.ends_with(".pbc")) return LoadProgram(path, std::as_bytes(std::span(text)));
  return compile(path, std::move(text));
}

LoadedProgram LoadProgram(const std::string& path, std::span<const std::byte> bytes) {
  auto program = Program::Load(bytes);
  if (!program) return std::unexpected(path + ": " + program.error().what);
  return std::move(*program);
}

}  // namespace policy::gateway
