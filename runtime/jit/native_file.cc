#include "runtime/jit/native_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/jit/block_shape.h"
#include "runtime/jit/codegen_message.h"
#include "runtime/jit/file_digest.h"
#include "runtime/jit/native_layout.h"

namespace policy::jit {
namespace {

constexpr std::string_view kMark = "policy machine code 1\n";

// Three lines, then the objects: what it is, what it is for, and the digest of both and the
// objects.
std::string Head(const Program& program, std::string_view objects) {
  const std::string purpose = HexOf(program.hash()) + ' ' + NativeLayout() + '\n';
  std::string head(kMark);
  head += purpose;
  head += HexOf(DigestOf(purpose + std::string(objects))) + '\n';
  return head;
}

}  // namespace

std::string WriteNativeFile(const Program& program, std::span<const BlockObject> objects) {
  const std::string body = WriteAnswer(objects);
  return Head(program, body) + body;
}

std::expected<std::vector<BlockObject>, std::string> ReadNativeFile(std::string_view bytes,
                                                                    const Program& program) {
  if (!bytes.starts_with(kMark)) return std::unexpected("it holds no machine code of a policy");
  const std::size_t purpose_end = bytes.find('\n', kMark.size());
  const std::size_t head_end =
      purpose_end == std::string_view::npos ? purpose_end : bytes.find('\n', purpose_end + 1);
  if (head_end == std::string_view::npos) return std::unexpected("it is cut short");
  const std::string_view purpose = bytes.substr(kMark.size(), purpose_end - kMark.size());
  if (!purpose.starts_with(HexOf(program.hash()))) {
    return std::unexpected("it was made of another policy: compile it again with --native");
  }
  const std::string_view body = bytes.substr(head_end + 1);
  const std::string head = Head(program, body);
  if (!head.starts_with(bytes.substr(0, purpose_end + 1))) {
    return std::unexpected("it was made for another policyd: compile it again with --native");
  }
  auto objects = ReadAnswer(body, BlockCount(program.layout()));
  if (bytes.substr(0, head_end + 1) != head || !objects) {
    return std::unexpected("its digest is not that of its bytes");
  }
  return std::move(*objects);
}

std::expected<std::string, std::string> ReadTrustedFile(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return std::unexpected(path + ": cannot be opened: " + std::strerror(errno));
  struct stat status{};
  const bool is_known = ::fstat(file, &status) == 0;
  std::string problem;
  if (!is_known || !S_ISREG(status.st_mode)) {
    problem = "it is no plain file";
  } else if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    problem = "it belongs to another user, whose code would run";
  } else if ((status.st_mode & 022) != 0) {
    problem = "others may write to it: chmod go-w " + path;
  }
  std::string bytes = problem.empty() ? ReadWhole(file, kNativeFileBytesMax) : std::string();
  ::close(file);
  if (!problem.empty()) return std::unexpected(path + ": " + problem);
  if (bytes.empty()) return std::unexpected(path + ": it is empty or too large");
  return bytes;
}

}  // namespace policy::jit
