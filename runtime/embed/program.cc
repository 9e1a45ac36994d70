#include <fstream>
#include <span>
#include <vector>

#include "runtime/embed/handles.h"
#include "runtime/program/format.h"

namespace policy::embed {
namespace {

// The bytes of a program file, or null with *error set.
std::unique_ptr<std::vector<std::byte>> ReadProgramFile(const char* path, policy_error** error) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(error, std::string(path) + " cannot be opened");
  auto bytes = std::make_unique<std::vector<std::byte>>();
  constexpr std::size_t kChunkBytes = std::size_t{64} << 10;
  while (file) {
    const std::size_t size = bytes->size();
    if (size > format::kProgramBytesMax) return Fail(error, std::string(path) + " is too large");
    bytes->resize(size + kChunkBytes);
    file.read(reinterpret_cast<char*>(bytes->data() + size), kChunkBytes);
    bytes->resize(size + static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) return Fail(error, std::string(path) + " cannot be read");
  return bytes;
}

}  // namespace

std::nullptr_t Fail(policy_error** error, std::string text) {
  if (error != nullptr) *error = new policy_error{std::move(text)};
  return nullptr;
}

policy_program* LoadProgram(std::span<const std::byte> bytes, policy_error** error) {
  auto program = Program::Load(bytes);
  if (!program) return Fail(error, std::move(program.error().what));
  std::string version = (*program)->HashText();
  return new policy_program{.program = *std::move(program), .version = std::move(version)};
}

}  // namespace policy::embed

using policy::embed::Fail;
using policy::embed::Guarded;
using policy::embed::LoadProgram;

uint32_t policy_abi_version(void) { return POLICY_ABI_VERSION; }

const char* policy_error_text(const policy_error* error) {
  return error == nullptr ? "" : error->text.c_str();
}

void policy_error_free(policy_error* error) { delete error; }

policy_program* policy_program_load(const void* bytes, size_t size, policy_error** error) {
  if (error != nullptr) *error = nullptr;
  return Guarded<policy_program*>(nullptr, [&]() -> policy_program* {
    if (bytes == nullptr) return Fail(error, "there are no bytes");
    return LoadProgram({static_cast<const std::byte*>(bytes), size}, error);
  });
}

policy_program* policy_program_load_file(const char* path, policy_error** error) {
  if (error != nullptr) *error = nullptr;
  return Guarded<policy_program*>(nullptr, [&]() -> policy_program* {
    if (path == nullptr) return Fail(error, "there is no path");
    const auto bytes = policy::embed::ReadProgramFile(path, error);
    return bytes == nullptr ? nullptr : LoadProgram(*bytes, error);
  });
}

const char* policy_program_version(const policy_program* program) {
  return program == nullptr ? "" : program->version.c_str();
}

int policy_program_hides(const policy_program* program, policy_text tool, policy_text server) {
  if (program == nullptr) return 1;
  return Guarded(1, [&] {
    const auto hides =
        program->program->Hides(policy::embed::ViewOf(tool), policy::embed::ViewOf(server));
    return hides ? 1 : 0;
  });
}

void policy_program_free(policy_program* program) { delete program; }
