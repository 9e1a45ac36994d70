// echo_server: an MCP server over stdio that costs next to nothing, so that what is measured in
// front of it is the proxy.
//
// It understands the requests of bench_driver and no others: one a line, `id` before `method`, both
// before anything that could hold the same words. Every answer to tools/call is the same but for
// its id. All requests that one read brought are answered by one write.
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view kInitialized =
    R"("result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},)"
    R"("serverInfo":{"name":"echo","version":"1"}}})";
constexpr std::string_view kTools =
    R"("result":{"tools":[{"name":"create_refund","description":"Pays money back.",)"
    R"("inputSchema":{"type":"object","properties":{"customer_id":{"type":"string"},)"
    R"("order_id":{"type":"string"},"amount":{"type":"number"},"currency":{"type":"string"},)"
    R"("reason":{"type":"string"}}}}]}})";
constexpr std::string_view kCalled = R"("result":{"content":[{"type":"text","text":"ok"}]}})";

// The text between `before` and the next comma, or nothing.
std::string_view FieldAfter(std::string_view line, std::string_view before) {
  const std::size_t begin = line.find(before);
  if (begin == std::string_view::npos) return {};
  const std::string_view rest = line.substr(begin + before.size());
  return rest.substr(0, rest.find(','));
}

std::string_view ResultFor(std::string_view method) {
  if (method.starts_with("\"tools/call\"")) return kCalled;
  if (method.starts_with("\"tools/list\"")) return kTools;
  if (method.starts_with("\"initialize\"")) return kInitialized;
  return {};
}

// false: not a request of the driver's.
bool Answer(std::string_view line, std::string& answers) {
  const std::string_view method = FieldAfter(line, R"("method":)");
  if (method.starts_with("\"notifications/")) return true;
  const std::string_view id = FieldAfter(line, R"("id":)");
  const std::string_view result = ResultFor(method);
  if (id.empty() || result.empty()) return false;
  answers.append(R"({"jsonrpc":"2.0","id":)").append(id).append(",").append(result).append("\n");
  return true;
}

bool WriteAll(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

int main() {
  std::string unread(std::size_t{1} << 20, '\0');
  std::string answers;
  std::size_t size = 0;
  while (true) {
    const ssize_t count = read(STDIN_FILENO, unread.data() + size, unread.size() - size);
    if (count <= 0) return size == 0 ? 0 : 1;
    size += static_cast<std::size_t>(count);
    std::string_view rest(unread.data(), size);
    for (std::size_t end; (end = rest.find('\n')) != std::string_view::npos;) {
      if (!Answer(rest.substr(0, end), answers)) {
        std::fprintf(stderr, "not understood: %.*s\n", static_cast<int>(end), rest.data());
        return 1;
      }
      rest.remove_prefix(end + 1);
    }
    if (!WriteAll(answers)) return 1;
    answers.clear();
    size = rest.size();
    rest.copy(unread.data(), size);
  }
}
