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

LoadedProgram LoadPolicy(PolicyText policy, const CompilePolicy& compile) {
  if (!policy.path.ends_with(".pbc")) return compile(std::move(policy));
  if (!policy.tools_path.empty()) {
    return std::unexpected(policy.path +
                           ": a compiled policy holds its lock: give --tools to policyc compile");
  }
  return LoadProgram(policy.path, std::as_bytes(std::span(policy.text)));
}

LoadedProgram LoadProgram(const std::string& path, std::span<const std::byte> bytes) {
  auto program = Program::Load(bytes);
  if (!program) return std::unexpected(path + ": " + program.error().what);
  return std::move(*program);
}

}  // namespace policy::gateway
