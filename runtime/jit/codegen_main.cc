// policyd-codegen: a decision program in, machine code out. A process of its own, so that nothing
// that happens to LLVM happens to the gateway. Started by policyd and policyc, never by people.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/jit/block_shape.h"
#include "runtime/jit/code_generator.h"
#include "runtime/jit/codegen_message.h"
#include "runtime/jit/codegen_sandbox.h"
#include "runtime/jit/file_digest.h"
#include "runtime/program/layout.h"

namespace {

constexpr int kExitDone = 0;
constexpr int kExitNotRun = 2;
constexpr std::size_t kRequestBytesMax = std::size_t{policy::format::kProgramBytesMax} + 4096;

std::optional<std::string> ReadAll(int descriptor) {
  std::string bytes;
  constexpr std::size_t kChunkBytes = std::size_t{256} << 10;
  for (;;) {
    const std::size_t size = bytes.size();
    bytes.resize(size + kChunkBytes);
    const ssize_t got = ::read(descriptor, bytes.data() + size, kChunkBytes);
    if (got < 0 && errno != EINTR) return std::nullopt;
    bytes.resize(size + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got == 0) return bytes;
    if (bytes.size() > kRequestBytesMax) return std::nullopt;
  }
}

int Answer(policy::jit::CodeGenerator& generator, bool prints) {
  const auto bytes = ReadAll(policy::jit::kRequestDescriptor);
  if (!bytes) return kExitNotRun;
  const auto request = policy::jit::ReadRequest(*bytes);
  if (!request) return kExitNotRun;
  const auto layout = policy::Layout::Make(request->program);
  if (!layout) return kExitNotRun;
  std::vector<policy::jit::BlockObject> objects;
  for (const std::uint32_t block : request->blocks) {
    if (block >= policy::jit::BlockCount(**layout)) return kExitNotRun;
    objects.push_back(prints ? generator.Print(**layout, block)
                             : generator.Generate(**layout, block));
  }
  const std::string answer = policy::jit::WriteAnswer(objects);
  return policy::jit::WriteAll(policy::jit::kAnswerDescriptor, answer) ? kExitDone : kExitNotRun;
}

}  // namespace

int main(int argc, char** argv) {
  const bool prints = argc == 2 && std::string_view(argv[1]) == policy::jit::kPrintArgument;
  const auto generator = policy::jit::CodeGenerator::Make();
  policy::jit::DigestOf("");  // OpenSSL reads its configuration with the first
  if (!generator || !policy::jit::EnterSandbox()) return kExitNotRun;
  // Nothing is torn down: what that would do to the kernel is not allowed any more.
  ::_exit(Answer(**generator, prints));
}
