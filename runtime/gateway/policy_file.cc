#include "runtime/gateway/policy_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

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

FileState StateOf(std::string path, std::string_view text) {
  return {std::move(path), std::hash<std::string_view>{}(text)};
}

FileState StateOf(std::string path) {
  // To look at a pipe is to empty it, or to wait for ever.
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return {std::move(path), std::nullopt};
  const auto text = ReadPolicyFile(path);
  return text ? StateOf(std::move(path), *text) : FileState{std::move(path), std::nullopt};
}

LoadedPolicy LoadPolicy(PolicyText policy, const CompilePolicy& compile) {
  FileState own = StateOf(policy.path, policy.text);
  if (!policy.path.ends_with(".pbc")) {
    LoadedPolicy loaded = compile(std::move(policy));
    loaded.files.push_back(std::move(own));
    return loaded;
  }
  LoadedPolicy loaded{.program = nullptr, .files = {std::move(own)}, .warnings = {}};
  if (policy.tools_path.empty()) {
    loaded.program = LoadProgram(policy.path, std::as_bytes(std::span(policy.text)));
  } else {
    loaded.program = std::unexpected(
        policy.path + ": a compiled policy holds its lock: give --tools to policyc compile");
  }
  return loaded;
}

LoadedProgram LoadProgram(const std::string& path, std::span<const std::byte> bytes) {
  auto program = Program::Load(bytes);
  if (!program) return std::unexpected(path + ": " + program.error().what);
  return std::move(*program);
}

}  // namespace policy::gateway
