// Any two sides of a bridge between the eras, of an aggregate and of shared ids, as lines: `<` is
// the client's, `>` the server's, anything else the value of a header. Whatever comes out of us can
// be read by whom it is for, ids given back are those that were given, and headers that we make
// agree with their message.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/check.h"
#include "runtime/mcp/aggregate.h"
#include "runtime/mcp/header_agreement.h"
#include "runtime/mcp/header_marks.h"
#include "runtime/mcp/header_value.h"
#include "runtime/mcp/id_rewrite.h"
#include "runtime/mcp/legacy_over_modern.h"
#include "runtime/mcp/message.h"
#include "runtime/mcp/modern_over_legacy.h"
#include "runtime/mcp/record_text.h"
#include "runtime/mcp/shared_ids.h"
#include "runtime/value/json_walk.h"

namespace {

using policy::mcp::Bridged;
using policy::mcp::BridgedMessages;
using policy::mcp::Direction;
using policy::mcp::Era;
using policy::mcp::Message;
using policy::mcp::MessageKind;
using policy::mcp::MessageReader;

const std::vector<std::string> kServers = {"a", "b-1"};

void CheckReadable(std::string_view bytes, Direction direction) {
  // Adding members may take a message that was just small enough over the limit.
  if (bytes.size() > policy::mcp::kMessageBytesMax) return;
  MessageReader reader(direction);
  CHECK(reader.Read(bytes, nullptr).has_value());
}

void CheckHeaderValue(std::string_view value) {
  const auto text = policy::mcp::DecodeHeaderValue(value);
  if (!text) return;
  const std::string encoded = policy::mcp::EncodeHeaderValue(*text);
  CHECK(policy::mcp::DecodeHeaderValue(encoded) == *text);
}

// Ids exchanged and exchanged back: the message as it was.
void CheckNames(const Message& message, Direction direction) {
  const policy::mcp::RequestNames names = policy::mcp::RequestNamesOf(message);
  const std::string other = policy::mcp::WithNames(
      message, {.id = "7", .request_id = "8", .progress_token = "9", .subscription = "10"});
  MessageReader reader(direction);
  const auto read = reader.Read(other, nullptr);
  if (!read) return;  // as when a key that differs by case only is exchanged
  CHECK(read->kind == message.kind && read->method == message.method);
  CHECK(policy::mcp::WithNames(*read, names) == message.bytes);
}

void CheckOwnHeaders(const Message& message, std::span<const policy::mcp::HeaderMark> marks) {
  policy::mcp::MirrorHeaders mirrored;
  const auto made =
      policy::mcp::MirrorHeadersOf(message, policy::mcp::kModernVersion, marks, nullptr);
  for (const auto& [name, value] : made) mirrored.Add(name, value);
  const auto speech = policy::mcp::CheckHeaders(mirrored, message, marks);
  if (speech) {
    CHECK(speech->era == Era::Modern);
    return;
  }
  // What is not of the modern era is refused for that, never for a header that we made ourselves;
  // but for values that no header may have.
  const int code = speech.error().code;
  CHECK(code != policy::mcp::kHeaderMismatchCode || !marks.empty() || message.method.empty() ||
        message.method == "initialize" || speech.error().text.contains("Protocol-Version") ||
        policy::mcp::EncodeHeaderValue(message.method) != message.method);
}

void CheckOut(const BridgedMessages& messages) {
  for (const Bridged& message : messages) {
    CheckReadable(message.bytes, message.to == Bridged::To::Client ? Direction::FromServer
                                                                   : Direction::FromClient);
  }
}

// Everything that the lines are given to.
class Sides {
 public:
  Sides() : front_({.seal = {.seal = Same, .unseal = Same}}) { CheckOut(front_.Start()); }

  void Client(std::string_view bytes) {
    const auto read = clients_.Read(bytes, nullptr);
    if (!read) return;
    const Message& message = *read;
    CheckNames(message, Direction::FromClient);
    CheckOwnHeaders(message, marks_.Find(message.tool));
    const auto speech = policy::mcp::CheckHeaders({}, message, {});
    if (!speech) CheckReadable(ErrorText(message.id, speech.error()), Direction::FromServer);
    ++asker_;
    CheckOut(front_.FromClient(asker_, message));
    CheckOut(back_.FromClient(asker_, message));
    if (asker_ % 8 == 0) CheckOut(front_.Leave(asker_ - 3));
    if (asker_ % 8 == 0) CheckOut(back_.Leave(asker_ - 3));
    if (message.kind == MessageKind::Request) {
      if (const auto sent = ids_.Request(asker_ % 3, message)) {
        CheckReadable(*sent, Direction::FromClient);
      }
    } else if (message.kind == MessageKind::Notification) {
      if (const auto sent = ids_.Cancellation(asker_ % 3, message)) {
        CheckReadable(*sent, Direction::FromClient);
      }
    }
    Aggregate(message);
  }

  void Server(std::string_view bytes) {
    const auto read = servers_.Read(bytes, nullptr);
    if (!read) return;
    const Message& message = *read;
    CheckNames(message, Direction::FromServer);
    CheckOut(front_.FromServer(message, 0));
    CheckOut(back_.FromServer(message, 0));
    const policy::mcp::Returned returned = ids_.FromServer(message);
    if (returned.to == policy::mcp::Recipient::Asker) {
      CheckReadable(returned.bytes, Direction::FromServer);
    }
    if (!message.result_tools.empty()) marks_.Learn(message);
    policy::mcp::ServerMerge servers;
    servers.Add("a", message);
    CheckReadable(servers.Text("1", Era::Modern, "", "{}"), Direction::FromServer);
    for (const char* method : {"tools/list", "prompts/list"}) {
      policy::mcp::ListMerge list(method);
      list.Add({.server = "a"}, message);
      list.Add({.server = "b-1", .cursor = "c"}, message);
      // Names of one list that differ by what is before them only can meet: a list with a name
      // twice is refused by its reader, as that of one server is.
      MessageReader reader(Direction::FromServer);
      (void)reader.Read(list.Text("1", Era::Legacy), nullptr);
    }
  }

 private:
  static std::string Same(std::string_view text) { return std::string(text); }

  void Aggregate(const Message& message) {
    const policy::mcp::Route route = policy::mcp::RouteOf(message, kServers);
    if (route.to == policy::mcp::Route::To::One) {
      CheckReadable(route.bytes, Direction::FromClient);
    }
    if (route.to != policy::mcp::Route::To::List) return;
    const auto pages = policy::mcp::PagesOf(message, kServers);
    if (!pages) return;
    for (const policy::mcp::ListPage& page : *pages) {
      CheckReadable(policy::mcp::ListRequest(message, page), Direction::FromClient);
    }
  }

  MessageReader clients_{Direction::FromClient};
  MessageReader servers_{Direction::FromServer};
  policy::mcp::ModernOverLegacy front_;
  policy::mcp::LegacyOverModern back_;
  policy::mcp::SharedIds ids_;
  policy::mcp::ToolHeaderMarks marks_;
  policy::mcp::AskerId asker_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  Sides sides;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (line.starts_with('<')) {
      sides.Client(line.substr(1));
    } else if (line.starts_with('>')) {
      sides.Server(line.substr(1));
    } else {
      CheckHeaderValue(line);
    }
  }
  return 0;
}
