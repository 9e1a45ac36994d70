// What a reader remembers of earlier messages changes nothing that it says of the next.
#include "runtime/mcp/key_memory.h"

#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/mcp/message.h"
#include "runtime/program/encode.h"
#include "runtime/program/frame.h"
#include "runtime/program/layout.h"

namespace policy::mcp {
namespace {

std::shared_ptr<const Program> AskingFor(const std::vector<std::string>& names) {
  Encoder encoder;
  encoder.header.zone = encoder.AddText("UTC");
  for (const std::string& name : names) {
    encoder.AddSlot(encoder.AddMember(Encoder::RootNode(format::Root::Args), name));
  }
  format::Rule rule;
  rule.id = encoder.AddText("/default");
  encoder.rules.push_back(rule);
  encoder.code.push_back({.opcode = Opcode::End});
  auto program = Program::Load(encoder.Finish());
  REQUIRE(program.has_value());
  return *std::move(program);
}

// Keys that begin alike, differ by case, are written in two ways, or mean something elsewhere.
std::string RandomKey(std::mt19937& random) {
  static constexpr std::string_view kKeys[] = {"amount",
                                               "amoun",
                                               "amounts",
                                               "AMOUNT",
                                               "amoun\\u0074",
                                               "to",
                                               "To",
                                               "id",
                                               "name",
                                               "arguments",
                                               "params",
                                               "method",
                                               "",
                                               "a",
                                               "fifteen bytes__",
                                               "sixteen bytes___",
                                               "_meta",
                                               "__proto__",
                                               "\u00e9t\u00e9",
                                               "amount ",
                                               "progressToken",
                                               "jsonrpc"};
  // Mostly the same few, so that much is refused but not all.
  return std::string(random() % 3 == 0 ? kKeys[random() % std::size(kKeys)]
                                       : kKeys[random() % 2 == 0 ? 0 : 5 + random() % 3]);
}

std::string RandomRecord(std::mt19937& random, int depth) {
  std::string text = "{";
  const std::size_t count = random() % 4;
  for (std::size_t i = 0; i < count; ++i) {
    text += std::string(i == 0 ? "" : ",") + "\"" + RandomKey(random) + "\"" +
            (random() % 8 == 0 ? " : " : ":");
    switch (random() % 4) {
      case 0:
        text += depth < 2 ? RandomRecord(random, depth + 1) : "[]";
        break;
      case 1:
        text += "\"text\"";
        break;
      default:
        text += std::to_string(random() % 100);
    }
  }
  return text + (random() % 40 == 0 ? "" : "}");
}

std::string RandomMessage(std::mt19937& random) {
  std::string params = R"("name":"t","arguments":)" + RandomRecord(random, 0);
  if (random() % 4 == 0) params = R"("_meta":{"progressToken":7},)" + params;
  if (random() % 8 == 0) params += R"(,"arguments":{})";
  if (random() % 8 == 0) params += R"(,"Name":"u")";
  if (random() % 8 == 0) params += R"(,"amount":1)";
  std::string text = R"({"jsonrpc":"2.0","id":1,"method":")" +
                     std::string(random() % 8 == 0 ? "prompts/get" : "tools/call") +
                     R"(","params":{)" + params + "}}";
  if (random() % 8 == 0) text.insert(1, R"("id":2,)");
  if (random() % 16 == 0) text.resize(random() % text.size());
  return text;
}

// All that a reader said: its refusal, or the message and what it left in the frame.
std::string Said(MessageReader& reader, const std::string& text, Frame* frame) {
  const std::vector<char> bytes(text.begin(), text.end());  // a read past the end is found
  const auto read = reader.Read({bytes.data(), bytes.size()}, frame);
  if (!read) return std::to_string(read.error().code) + read.error().reason + read.error().id;
  std::string said = std::string(read->method) + '|' + std::string(read->tool) + '|' +
                     std::string(read->arguments) + '|' + std::string(read->progress_token);
  for (std::uint32_t slot = 0; frame != nullptr && slot < frame->slot_count(); ++slot) {
    const Value& value = frame->slot(slot);
    said += '|' + std::to_string(static_cast<int>(value.kind));
    if (value.kind == ValueKind::String) said += value.text();
    if (value.kind == ValueKind::Number) said += std::to_string(value.number().coefficient);
  }
  return said;
}

TEST_CASE("a reader says of a message what one says that never read another") {
  const std::array programs = {AskingFor({"amount", "to"}), AskingFor({"to", "a", "amount"}),
                               AskingFor({"id", "name", "arguments"})};
  const Direction direction = GENERATE(Direction::FromClient, Direction::FromServer);
  std::mt19937 random(5);
  MessageReader old_reader(direction);
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = RandomMessage(random);
    const std::size_t which = random() % 24;  // mostly the same; at times none
    const auto& program = programs[which < 20 ? 0 : which % programs.size()];
    const bool has_frame = which != 23;
    Frame frame(program);
    Frame new_frame(program);
    MessageReader new_reader(direction);
    CAPTURE(i, text, which);
    const std::string said = Said(old_reader, text, has_frame ? &frame : nullptr);
    REQUIRE(said == Said(new_reader, text, has_frame ? &new_frame : nullptr));
    accepted += said.front() != '-';
  }
  CHECK(accepted > 1'000);
}

KeyMemory::Entry EntryOf(std::string_view key, std::uint64_t record) {
  return {.key = name_hash::LoadName(key.data(), key.size()),
          .record = record,
          .hash = 1,
          .value = record + 1,
          .size = static_cast<std::uint8_t>(key.size())};
}

TEST_CASE("a key is known at its place alone, and guessed behind the one before") {
  const std::shared_ptr<const Program> program = AskingFor({"a"});
  const std::shared_ptr<const Program> other = AskingFor({"b"});
  const auto memory = std::make_unique<KeyMemory>();
  memory->Begin(program.get());
  const KeyMemory::Entry one = EntryOf("one", 7);
  const KeyMemory::Entry two = EntryOf("two", 7);
  CHECK(memory->Find(one.key, 7) == nullptr);
  memory->Learn(one);
  memory->Learn(two);
  REQUIRE(memory->Find(one.key, 7) != nullptr);
  CHECK(memory->Find(one.key, 7)->value == 8);
  CHECK(memory->Find(one.key, 6) == nullptr);
  CHECK(memory->Find(EntryOf("on", 7).key, 7) == nullptr);
  CHECK(memory->Find({}, 7) == nullptr);

  const auto guess = [&](std::string_view text, std::uint64_t record) {
    std::string bytes(text);
    bytes.resize(16, ' ');
    return memory->Predict(bytes.data(), record) != nullptr;
  };
  const auto begin = [&] {
    memory->Begin(program.get());
    memory->Find(one.key, 7);
    memory->Find(two.key, 7);
    memory->Begin(program.get());
  };
  begin();
  CHECK_FALSE(guess("two\":1", 7));
  CHECK_FALSE(guess("one\":1", 6));
  CHECK_FALSE(guess("ones\":1", 7));
  CHECK_FALSE(guess("one\\\":1", 7));
  CHECK(guess("one\":1", 7));
  CHECK_FALSE(guess("tw\":1", 7));
  CHECK(guess("two\":1", 7));
  memory->Begin(other.get());
  CHECK_FALSE(guess("one\":1", 7));
  CHECK(memory->Find(one.key, 7) == nullptr);
  memory->Begin(nullptr);
  CHECK(memory->Find(one.key, 7) == nullptr);
}

}  // namespace
}  // namespace policy::mcp
