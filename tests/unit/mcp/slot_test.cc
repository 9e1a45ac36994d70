// What the slots of a program hold after a call was read.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "policy/program.h"
#include "runtime/mcp/message.h"
#include "runtime/program/encode.h"
#include "runtime/program/layout.h"

namespace policy::mcp {
namespace {

// A program that asks for args.amount, args.to, args.to[0], args.to[1].name, args.who.id and
// args.who.id.x, and for args itself.
struct Asking {
  std::shared_ptr<const Program> program;
  std::uint32_t args, amount, to, first, second_name, id, below_id;
};

Asking MakeProgram(bool numbers_exact = false) {
  Encoder encoder;
  encoder.header.zone = encoder.AddText("UTC");
  encoder.header.numbers_exact = numbers_exact;
  Asking asking;
  const std::uint32_t root = Encoder::RootNode(format::Root::Args);
  asking.args = encoder.AddSlot(root);
  asking.amount = encoder.AddSlot(encoder.AddMember(root, "amount"));
  const std::uint32_t to = encoder.AddMember(root, "to");
  asking.to = encoder.AddSlot(to);
  asking.first = encoder.AddSlot(encoder.AddElement(to, 0));
  asking.second_name = encoder.AddSlot(encoder.AddMember(encoder.AddElement(to, 1), "name"));
  const std::uint32_t id = encoder.AddMember(encoder.AddMember(root, "who"), "id");
  asking.id = encoder.AddSlot(id);
  asking.below_id = encoder.AddSlot(encoder.AddMember(id, "x"));
  format::Rule rule;
  rule.id = encoder.AddText("/default");
  encoder.rules.push_back(rule);
  encoder.code.push_back({.opcode = Opcode::End});
  auto program = Program::Load(encoder.Finish());
  if (!program) FAIL(program.error().what);
  asking.program = *program;
  return asking;
}

std::string Call(const std::string& arguments) {
  return R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":)" + arguments +
         R"(,"name":"t"}})";
}

TEST_CASE("slots hold what stands at their paths") {
  const Asking asking = MakeProgram();
  Frame frame(asking.program);
  MessageReader reader(Direction::FromClient);
  struct Row {
    const char* arguments;
    std::uint32_t slot;
    ValueKind kind;
    const char* text;  // of strings, lists, records and numbers
  };
  const Row rows[] = {
      {"{}", asking.args, ValueKind::Record, "{}"},
      {"{}", asking.amount, ValueKind::Absent, ""},
      {"{}", asking.id, ValueKind::Absent, ""},
      {"{}", asking.first, ValueKind::Absent, ""},
      {R"({"amount":1.50})", asking.amount, ValueKind::Number, ""},
      {R"({"amount":1e400})", asking.amount, ValueKind::InexactNumber, "1e400"},
      {R"({"amount":9007199254740993})", asking.amount, ValueKind::InexactNumber,
       "9007199254740993"},
      {R"({"amount":null})", asking.amount, ValueKind::Null, ""},
      {R"({"amount":true})", asking.amount, ValueKind::Bool, ""},
      {R"({"amount":"5"})", asking.amount, ValueKind::String, "5"},
      {R"({"amount":"\u0035"})", asking.amount, ValueKind::String, "5"},
      {R"({"\u0061mount":"5"})", asking.amount, ValueKind::String, "5"},
      {R"({"amount":[ 5 ]})", asking.amount, ValueKind::List, "[ 5 ]"},
      {R"({"amount":{"a":{}}})", asking.amount, ValueKind::Record, R"({"a":{}})"},
      {R"({"x":{"amount":1}})", asking.amount, ValueKind::Absent, ""},
      {R"({"who":{}})", asking.id, ValueKind::Absent, ""},
      {R"({"who":{}})", asking.below_id, ValueKind::Absent, ""},
      {R"({"who":null})", asking.id, ValueKind::Broken, ""},
      {R"({"who":null})", asking.below_id, ValueKind::Broken, ""},
      {R"({"who":[]})", asking.id, ValueKind::Broken, ""},
      {R"({"who":[{"id":1}]})", asking.id, ValueKind::Broken, ""},
      {R"({"who":"x"})", asking.below_id, ValueKind::Broken, ""},
      {R"({"who":{"id":"x"}})", asking.id, ValueKind::String, "x"},
      {R"({"who":{"id":"x"}})", asking.below_id, ValueKind::Broken, ""},
      {R"({"who":{"id":{"x":"deep"}}})", asking.below_id, ValueKind::String, "deep"},
      {R"({"to":["a"]})", asking.to, ValueKind::List, R"(["a"])"},
      {R"({"to":["a"]})", asking.first, ValueKind::String, "a"},
      {R"({"to":["a"]})", asking.second_name, ValueKind::Broken, ""},
      {R"({"to":[]})", asking.first, ValueKind::Broken, ""},
      {R"({"to":{"0":"a"}})", asking.first, ValueKind::Broken, ""},
      {R"({"to":"a"})", asking.first, ValueKind::Broken, ""},
      {R"({"to":[1,{"name":"n"}]})", asking.second_name, ValueKind::String, "n"},
      {R"({"to":[1,{}]})", asking.second_name, ValueKind::Absent, ""},
      {R"({"to":[1,[]]})", asking.second_name, ValueKind::Broken, ""},
      {R"({"to":[1,null]})", asking.second_name, ValueKind::Broken, ""},
      {R"({"to":[[{"name":"n"}],{"name":"m"}]})", asking.second_name, ValueKind::String, "m"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.arguments, asking.program->layout().SlotPath(row.slot));
    const std::string bytes = Call(row.arguments);
    const auto message = reader.Read(bytes, &frame);
    REQUIRE(message);
    CHECK(frame.tool() == "t");
    CHECK(frame.arguments == row.arguments);
    const Value& value = frame.slot(row.slot);
    CHECK(value.kind == row.kind);
    if (*row.text != '\0') CHECK(value.text() == row.text);
    if (row.kind == ValueKind::Number) CHECK(value.number() == Decimal{15, -1});
  }
}

TEST_CASE("numbers are exact where the program says so") {
  const Asking asking = MakeProgram(/*numbers_exact=*/true);
  Frame frame(asking.program);
  MessageReader reader(Direction::FromClient);
  const std::string bytes = Call(R"({"amount":9007199254740993,"to":[1]})");
  REQUIRE(reader.Read(bytes, &frame));
  CHECK(frame.slot(asking.amount).number() == Decimal{9007199254740993, 0});
  CHECK(frame.slot(asking.to).boolean);
  const std::string beyond = Call(R"({"amount":1e400})");
  REQUIRE(reader.Read(beyond, &frame));
  CHECK(frame.slot(asking.amount).kind == ValueKind::InexactNumber);
}

TEST_CASE("arguments that differ from a name of the policy by case only are refused") {
  const Asking asking = MakeProgram();
  Frame frame(asking.program);
  MessageReader reader(Direction::FromClient);
  for (const char* arguments : {R"({"Amount":1})", R"({"\u0041mount":1})", R"({"who":{"ID":1}})",
                                R"({"to":[1,{"NAME":1}]})"}) {
    CAPTURE(arguments);
    const std::string bytes = Call(arguments);
    CHECK(reader.Read(bytes, nullptr));
    CHECK_FALSE(reader.Read(bytes, &frame));
    CHECK(frame.slot(asking.amount).kind == ValueKind::Absent);
  }
  const std::string prompt = R"({"jsonrpc":"2.0","id":1,"method":"prompts/get",)"
                             R"("params":{"name":"p","arguments":{"Amount":"1","amount2":"x"}}})";
  CHECK(reader.Read(prompt, &frame));
}

TEST_CASE("nothing is left of a call in the next") {
  const Asking asking = MakeProgram();
  Frame frame(asking.program);
  MessageReader reader(Direction::FromClient);
  const std::string first = Call(R"({"amount":1,"who":{"id":"x"},"to":["a"]})");
  for (const std::string& next :
       {Call("{}"), Call(R"({"amount":1,"amount":2})"), std::string("{"),
        std::string(R"({"jsonrpc":"2.0","id":1,"method":"prompts/get",)"
                    R"("params":{"name":"t","arguments":{"amount":"1"}}})"),
        std::string(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t"}})")}) {
    REQUIRE(reader.Read(first, &frame));
    REQUIRE(frame.slot(asking.amount).kind == ValueKind::Number);
    reader.Read(next, &frame);
    CAPTURE(next);
    for (const std::uint32_t slot : {asking.amount, asking.to, asking.first, asking.id}) {
      CHECK(frame.slot(slot).kind == ValueKind::Absent);
    }
    CHECK(frame.arguments == "{}");
  }
  CHECK(frame.slot(asking.args).kind == ValueKind::Record);
}

}  // namespace
}  // namespace policy::mcp
