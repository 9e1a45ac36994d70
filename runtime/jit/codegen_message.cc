#include "runtime/jit/codegen_message.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace policy::jit {
namespace {

constexpr std::uint64_t kRequestMark = 0x3171'4E49'4759'4C50;
constexpr std::uint64_t kAnswerMark = 0x3161'4E49'4759'4C50;

void AddNumber(std::string& bytes, std::uint64_t number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

// Reads on from where it is; fails for good where the bytes end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::uint64_t Number() {
    std::uint64_t number = 0;
    const std::string_view bytes = Bytes(sizeof(number));
    if (!bytes.empty()) std::memcpy(&number, bytes.data(), sizeof(number));
    return number;
  }
  std::string_view Bytes(std::uint64_t size) {
    if (size > bytes_.size()) has_failed_ = true;
    if (has_failed_) return {};
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  bool has_failed() const { return has_failed_; }
  bool is_at_end() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
  bool has_failed_ = false;
};

}  // namespace

std::string WriteRequest(std::span<const std::byte> program,
                         std::span<const std::uint32_t> blocks) {
  std::string bytes;
  AddNumber(bytes, kRequestMark);
  AddNumber(bytes, blocks.size());
  for (const std::uint32_t block : blocks) AddNumber(bytes, block);
  AddNumber(bytes, program.size());
  bytes.append(reinterpret_cast<const char*>(program.data()), program.size());
  return bytes;
}

std::optional<CodegenRequest> ReadRequest(std::string_view bytes) {
  Reader reader(bytes);
  if (reader.Number() != kRequestMark) return std::nullopt;
  const std::uint64_t count = reader.Number();
  if (count > kBlocksPerRequestMax) return std::nullopt;
  CodegenRequest request;
  for (std::uint64_t i = 0; i < count; ++i) {
    request.blocks.push_back(static_cast<std::uint32_t>(reader.Number()));
  }
  const std::string_view program = reader.Bytes(reader.Number());
  if (reader.has_failed() || !reader.is_at_end()) return std::nullopt;
  request.program = std::as_bytes(std::span(program));
  return request;
}

bool WriteAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::string WriteAnswer(std::span<const BlockObject> objects) {
  std::string bytes;
  AddNumber(bytes, kAnswerMark);
  AddNumber(bytes, objects.size());
  for (const BlockObject& object : objects) {
    const std::string& text = object ? *object : object.error();
    AddNumber(bytes, object.has_value() ? 1 : 0);
    AddNumber(bytes, text.size());
    bytes += text;
  }
  AddNumber(bytes, kAnswerMark);  // it is whole
  return bytes;
}

std::optional<std::vector<BlockObject>> ReadAnswer(std::string_view bytes, std::size_t count) {
  Reader reader(bytes);
  if (reader.Number() != kAnswerMark || reader.Number() != count) return std::nullopt;
  std::vector<BlockObject> objects;
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_object = reader.Number() == 1;
    const std::string text(reader.Bytes(reader.Number()));
    if (reader.has_failed()) return std::nullopt;
    objects.push_back(is_object ? BlockObject(text) : std::unexpected(text));
  }
  if (reader.Number() != kAnswerMark || reader.has_failed() || !reader.is_at_end()) {
    return std::nullopt;
  }
  return objects;
}

}  // namespace policy::jit
