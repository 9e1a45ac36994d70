// Every rule that Verify holds derived values, quantifiers and pins to, by a program that breaks
// it.
#include <catch2/catch.hpp>
#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "policy/program.h"
#include "runtime/program/disassemble.h"
#include "runtime/program/encode.h"
#include "runtime/program/frame.h"
#include "runtime/program/layout.h"
#include "runtime/vm/blame.h"
#include "runtime/vm/interpreter.h"

namespace policy {
namespace {

using format::Derived;
using format::kNone;
using format::Quantifier;
using format::SectionId;

// Where the values and instructions of the program below stand.
enum Position : std::uint32_t {
  kName,    // "x.org"
  kKey,     // "to"
  kMember,  // args.n.to
  kOuter,   // the variable of kAll
  kDomain,  // domain(r)
  kInner,   // the variable of kAny
  kEqual,   // s == r
  kAny,     // any s in args.to: s == r
  kAll,     // all r in args.to: domain(r) == "x.org" and any …
  kSum,     // args.n + args.n
  kPositionCount
};
enum At : std::uint32_t {
  kAnyTest,
  kAnyEnd,
  kAllDomain,
  kAllAny,
  kAllJump,
  kAllCombine,
  kAllEnd,
  kBlock,
  kTestAll,
  kGuard,
  kIndex,
  kLimit,
  kTestSum,
  kEnd,
};

// A file whose records can be altered in place.
struct File {
  std::vector<std::byte> bytes;

  template <typename T>
  T& record(SectionId section, std::uint32_t index) {
    format::Header header;
    std::memcpy(&header, bytes.data(), sizeof header);
    const format::Section place = header.sections[static_cast<std::size_t>(section)];
    REQUIRE(index < place.count);
    return *reinterpret_cast<T*>(bytes.data() + place.offset + index * sizeof(T));
  }
  Derived& derived(std::uint32_t position) { return record<Derived>(SectionId::Derived, position); }
  Instruction& code(std::uint32_t at) { return record<Instruction>(SectionId::Code, at); }
  format::Limit& limit() { return record<format::Limit>(SectionId::Limits, 0); }
  format::Pin& pin(std::uint32_t index) { return record<format::Pin>(SectionId::Pins, index); }

  // What is said of it once its checksum is right again; empty when nothing is.
  std::string Refusal() {
    const auto checksum = ChecksumOf(bytes);
    std::memcpy(bytes.data() + offsetof(format::Header, checksum), checksum.data(),
                checksum.size());
    const auto program = Program::Load(bytes);
    return program ? "" : program.error().what;
  }
};

// Slots 0 and 1 are args.to and args.n, so derived value p has number p + 2.
constexpr std::uint32_t kSlots = 2;

Instruction Test(Predicate predicate, std::uint32_t value, std::uint32_t constant) {
  return {.opcode = Opcode::Test,
          .predicate = static_cast<std::uint8_t>(predicate),
          .slot = static_cast<std::uint16_t>(value),
          .constant = constant};
}

void WriteRule(Encoder& encoder, format::RuleKind kind, const char* id) {
  format::Rule rule;
  rule.kind = kind;
  rule.id = encoder.AddText(id);
  encoder.rules.push_back(rule);
}

// The values and bodies, in the order of Position and At. Returns those that the block looks at.
std::pair<std::uint32_t, std::uint32_t> WriteValues(Encoder& encoder) {
  const std::uint32_t args = Encoder::RootNode(format::Root::Args);
  const std::uint32_t to = encoder.AddSlot(encoder.AddMember(args, "to"));
  const std::uint32_t n = encoder.AddSlot(encoder.AddMember(args, "n"));
  const std::uint32_t yes = encoder.AddBool(true);
  const std::uint32_t name = encoder.AddString("x.org");
  encoder.AddLiteral(name);
  const std::uint32_t key = encoder.AddLiteral(encoder.AddString("to"));
  encoder.AddApplied(Function::Member, n, key);
  const std::uint32_t outer = encoder.AddVariable();
  const std::uint32_t domain = encoder.AddApplied(Function::Domain, outer);
  const std::uint32_t inner = encoder.AddVariable();
  const std::uint32_t equal = encoder.AddCompared(Relation::Equal, inner, outer);
  encoder.code.push_back(Test(Predicate::EqualBool, equal, yes));
  encoder.code.push_back({.opcode = Opcode::End});
  const std::uint32_t any = encoder.AddQuantified(Quantifier::Any, to, inner, kAnyTest);
  encoder.code.push_back(Test(Predicate::EqualString, domain, name));
  encoder.code.back().flags = kFlagJumpIfFalse;
  encoder.code.back().target = kAllEnd;
  encoder.code.push_back(Test(Predicate::EqualBool, any, yes));
  encoder.code.back().dst = 1;
  encoder.code.push_back({.opcode = Opcode::Jump, .target = kAllCombine});
  encoder.code.push_back({.opcode = Opcode::Combine, .flags = 1, .predicate = 1});
  encoder.code.push_back({.opcode = Opcode::End});
  const std::uint32_t all = encoder.AddQuantified(Quantifier::All, to, outer, kAllDomain);
  return {all, encoder.AddApplied(Function::Add, n, n)};
}

File GoodFile() {
  Encoder encoder;
  encoder.header.zone = encoder.AddText("UTC");
  encoder.header.memo_cells = 1;
  WriteRule(encoder, format::RuleKind::Default, "/default");
  WriteRule(encoder, format::RuleKind::Limit, "limit");
  const auto [all, sum] = WriteValues(encoder);
  format::Limit limit;
  limit.rule = 1;
  limit.max = 5;
  limit.cost = format::CostKind::Amount;
  limit.cost_slot = sum;
  encoder.limits.push_back(limit);
  encoder.counters.push_back({.window = format::WindowKind::Day, .scope_count = 1});
  encoder.scopes.push_back({.kind = format::ScopeKind::Slot, .slot = 1});
  const std::pair<std::uint32_t, std::uint32_t> target(encoder.AddNumber({1, 0}), kEnd);
  encoder.code.push_back({.opcode = Opcode::Constant, .predicate = 2});
  encoder.code.push_back(Test(Predicate::EqualBool, all, encoder.AddBool(true)));
  encoder.code.back().memo = 1;
  encoder.code.push_back({.opcode = Opcode::Guard, .target = kEnd});
  encoder.code.push_back({.opcode = Opcode::Index, .slot = 1, .target = kLimit});
  encoder.AddIndexTable(std::span(&target, 1));
  encoder.code.push_back({.opcode = Opcode::Limit});
  encoder.code.push_back(Test(Predicate::GreaterNumber, sum, encoder.AddNumber({1, 0})));
  encoder.code.push_back({.opcode = Opcode::End});
  encoder.AddTool("send", kBlock, 0);
  encoder.AddPattern("s*", kBlock, 0);
  encoder.AddPin("b", "s", "{}", "mail", "high");
  encoder.AddPin("a", "t", "", "", "");
  encoder.AddPin("a", "s", "", "", "");
  return {encoder.Finish()};
}

TEST_CASE("derived values, quantifiers and pins of a good program load, and print as written") {
  File file = GoodFile();
  CHECK(file.Refusal() == "");
  const auto program = *Program::Load(file.bytes);
  const Layout& layout = program->layout();
  CHECK(layout.derived().size() == kPositionCount);
  CHECK(layout.SlotPath(kSlots + kMember) == "args.n.to");
  CHECK(layout.SlotPath(kSlots + kAll) ==
        R"(all r in args.to: (domain(r) == "x.org" and (any s in args.to: s == r)))");
  CHECK(layout.SlotPath(kSlots + kSum) == "args.n + args.n");
  REQUIRE(layout.FindPin("b", "s") != nullptr);
  CHECK(layout.text(layout.FindPin("b", "s")->category) == "mail");
  CHECK(layout.FindPin("a", "t") != nullptr);
  CHECK(layout.FindPin("b", "t") == nullptr);
  const std::string text = Disassemble(*program);
  CAPTURE(text);
  for (const char* line :
       {"\nderived values\n     2  \"x.org\"\n", "\n     4  args.n.to [of 1 and 3]\n",
        "\n     5  r\n", "\n     8  s == r [of 7 and 5]\n",
        "\n     9  any s in args.to: s == r [list 0, scope 7 to 8, code 0 to 1]\n",
        "\npins\n  \"a\" on \"s\": category \"\", risk \"\", annotations \"\"\n",
        "\n  \"b\" on \"s\": category \"mail\", risk \"high\", annotations \"{}\"\n",
        "body of value 9:\n     0  test r0 = s == r\n", "     9  guard r0 else -> 13\n",
        "0  limit: counter 0, max 5, cost args.n + args.n,"}) {
    CHECK(text.find(line) != std::string::npos);
  }
}

// Runs the program's block over values of several kinds, the short and the long way, and looks for
// the cause of what is unknown.
void Exercise(const std::shared_ptr<const Program>& program) {
  const Layout& layout = program->layout();
  Value list = Value::MakeString(R"(["a@x.org",1,{"to":["b"]},["c"]])");
  list.kind = ValueKind::List;
  Value record = Value::MakeString(R"({"to":"a@x.org"})");
  record.kind = ValueKind::Record;
  const Value values[] = {list, record, Value::MakeNumber({1, 0}), Value::MakeString("a"), Value{}};
  Frame frame(program);
  for (std::size_t turn = 0; turn < std::size(values); ++turn) {
    frame.Clear();
    for (std::uint32_t slot = 0; slot < layout.slot_count(); ++slot) {
      frame.Fill(slot, values[(turn + slot) % std::size(values)]);
    }
    frame.set_tool("send");
    Findings findings;
    Interpret(frame, findings);
    std::vector<TraceStep> trace;
    InterpretTraced(frame, findings, trace);
    for (const TraceStep& step : trace) {
      const Instruction& instruction = layout.code()[step.instruction];
      if (instruction.opcode == Opcode::Test && step.truth == Truth::Unknown) {
        CHECK_FALSE(CauseOfTest(instruction, frame).empty());
      }
    }
    for (const std::uint32_t limit : findings.limits) {
      const std::uint32_t cost = layout.limits()[limit].cost_slot;
      if (cost != kNone) CHECK_FALSE(CauseOfValue(cost, "a number", frame).empty());
    }
  }
  CHECK_FALSE(Disassemble(*program).empty());
}

TEST_CASE("with any word or byte altered it is refused or safe to run") {
  File good = GoodFile();
  Exercise(*Program::Load(good.bytes));
  std::size_t refused = 0;
  std::size_t loaded = 0;
  const auto try_file = [&](File file) {
    const bool is_refused = !file.Refusal().empty();
    ++(is_refused ? refused : loaded);
    if (!is_refused) Exercise(*Program::Load(file.bytes));
  };
  for (std::size_t word = 0; word < good.bytes.size() / 4; ++word) {
    std::uint32_t old = 0;
    std::memcpy(&old, good.bytes.data() + word * 4, 4);
    for (const std::uint32_t altered : {old + 1, old - 1, kNone, old ^ 0x100, std::uint32_t{2}}) {
      File file = good;
      std::memcpy(file.bytes.data() + word * 4, &altered, 4);
      try_file(std::move(file));
    }
  }
  CHECK(refused > loaded);
  CHECK(loaded > 0);
}

struct Row {
  const char* what;  // part of the refusal
  std::function<void(File&)> alter;
};

void CheckRefused(std::span<const Row> rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    File file = GoodFile();
    rows[i].alter(file);
    const std::string refusal = file.Refusal();
    CAPTURE(i, rows[i].what, refusal);
    CHECK(refusal.find(rows[i].what) != std::string::npos);
  }
}

TEST_CASE("derived values of wrong kinds, operations and operands are refused") {
  const Row rows[] = {
      {"is of no known kind",
       [](File& f) { f.derived(kName).kind = static_cast<format::DerivedKind>(5); }},
      {"is no literal", [](File& f) { f.derived(kName).constant = 1000; }},
      {"fields that its kind does not know", [](File& f) { f.derived(kName).first = 0; }},
      {"fields that its kind does not know", [](File& f) { f.derived(kName).operation = 1; }},
      {"fields that its kind does not know", [](File& f) { f.derived(kOuter).second = 0; }},
      {"fields that its kind does not know", [](File& f) { f.derived(kSum).constant = 0; }},
      {"fields that its kind does not know", [](File& f) { f.derived(kSum).code_end = 1; }},
      {"fields that its kind does not know", [](File& f) { f.derived(kEqual).scope_end = 9; }},
      {"applies no known function",
       [](File& f) { f.derived(kSum).operation = static_cast<std::uint8_t>(kFunctionCount); }},
      {"has wrong operands", [](File& f) { f.derived(kSum).first = kNone; }},
      {"has wrong operands", [](File& f) { f.derived(kSum).second = kNone; }},
      {"has wrong operands", [](File& f) { f.derived(kSum).second = kSlots + kSum; }},
      {"has wrong operands", [](File& f) { f.derived(kDomain).second = 0; }},
      {"is a member without a name", [](File& f) { f.derived(kMember).second = 0; }},
      {"has a wrong relation or operands",
       [](File& f) { f.derived(kEqual).operation = static_cast<std::uint8_t>(kRelationCount); }},
      {"has a wrong relation or operands", [](File& f) { f.derived(kEqual).second = kNone; }},
      {"has a wrong relation or operands",
       [](File& f) { f.derived(kEqual).first = kSlots + kEqual; }},
  };
  CheckRefused(rows);
}

TEST_CASE("a literal is a scalar") {
  Encoder encoder;
  encoder.header.zone = encoder.AddText("UTC");
  WriteRule(encoder, format::RuleKind::Default, "/default");
  encoder.code.push_back({.opcode = Opcode::End});
  encoder.AddLiteral(encoder.AddRegex("x"));
  File file{encoder.Finish()};
  CHECK(file.Refusal().find("is no literal") != std::string::npos);
}

TEST_CASE("quantifiers have one element each, and scopes lie within each other or apart") {
  const Row rows[] = {
      {"is of no known quantifier", [](File& f) { f.derived(kAny).operation = 3; }},
      {"wrong list, element or scope", [](File& f) { f.derived(kAll).first = kSlots + kAll; }},
      {"wrong list, element or scope", [](File& f) { f.derived(kAll).first = kNone; }},
      {"wrong list, element or scope", [](File& f) { f.derived(kAll).second = 0; }},
      {"wrong list, element or scope", [](File& f) { f.derived(kAll).second = kSlots + kName; }},
      {"wrong list, element or scope", [](File& f) { f.derived(kAll).second = kNone; }},
      {"wrong list, element or scope",
       [](File& f) { f.derived(kAll).scope_end = kSlots + kOuter; }},
      {"wrong list, element or scope",
       [](File& f) { f.derived(kAll).scope_end = kSlots + kAll + 1; }},
      {"shares its element", [](File& f) { f.derived(kAll).second = kSlots + kInner; }},
      {"is an element of no quantifier",
       [](File& f) { f.derived(kDomain) = {.kind = format::DerivedKind::Element}; }},
      {"reaches out of the one around it",
       [](File& f) { f.derived(kAll).scope_end = kSlots + kEqual; }},
      {"does not lie where its scope opens",
       [](File& f) {
         f.derived(kAny).scope_end = kSlots + kEqual;
         f.derived(kAll).scope_end = kSlots + kAny;
       }},
  };
  CheckRefused(rows);
}

TEST_CASE("what depends on an element is used within its scope only") {
  const Row rows[] = {
      {"uses a value of another scope", [](File& f) { f.derived(kSum).first = kSlots + kDomain; }},
      {"uses a value of another scope", [](File& f) { f.derived(kSum).second = kSlots + kOuter; }},
      {"uses a value of another scope", [](File& f) { f.derived(kAll).first = kSlots + kDomain; }},
      {"uses a value of another scope", [](File& f) { f.derived(kAny).first = kSlots + kInner; }},
      {"outside its quantifier", [](File& f) { f.code(kTestAll).slot = kSlots + kDomain; }},
      {"outside its quantifier", [](File& f) { f.code(kTestAll).slot = kSlots + kOuter; }},
      {"outside its quantifier", [](File& f) { f.code(kAllAny).slot = kSlots + kEqual; }},
      {"remembers a test of an element", [](File& f) { f.code(kAllDomain).memo = 1; }},
      {"limit 0 has a field out of range", [](File& f) { f.limit().cost_slot = kSlots + kDomain; }},
      {"limit 0 has a field out of range",
       [](File& f) { f.limit().cost_slot = kSlots + kPositionCount; }},
      {"has a wrong slot",
       [](File& f) { f.record<format::Scope>(SectionId::Scopes, 0).slot = kSlots + kSum; }},
      {"slot that is not there", [](File& f) { f.code(kIndex).slot = kSlots + kSum; }},
      {"wrong predicate, slot or constant",
       [](File& f) { f.code(kTestAll).slot = kSlots + kPositionCount; }},
  };
  CheckRefused(rows);
}

TEST_CASE("a value of the scope around is used within, and a value of none everywhere") {
  File file = GoodFile();
  file.code(kAnyTest).slot = kSlots + kName;  // of no scope
  file.code(kAllAny).slot = kSlots + kMember;
  file.derived(kEqual).second = kSlots + kDomain;  // of the scope around
  CHECK(file.Refusal() == "");
}

TEST_CASE("the body of a quantifier is code of its own") {
  const Row rows[] = {
      {"body outside the code", [](File& f) { f.derived(kAny).code_end = 0; }},
      {"body outside the code", [](File& f) { f.derived(kAll).code_end = 1000; }},
      {"that other code leads into", [](File& f) { f.derived(kAll).code = kAllAny; }},
      {"shares its body", [](File& f) { f.derived(kAll).code = kAnyTest; }},
      {"does more than test", [](File& f) { f.code(kAllJump).opcode = Opcode::Guard; }},
      {"does more than test", [](File& f) { f.code(kAllJump).opcode = Opcode::Limit; }},
      {"does more than test", [](File& f) { f.code(kAllJump).opcode = Opcode::Index; }},
      {"does more than test", [](File& f) { f.code(kAllJump).opcode = Opcode::Deny; }},
      {"ends twice", [](File& f) { f.code(kAllJump) = {.opcode = Opcode::End}; }},
      {"does not end", [](File& f) { f.derived(kAll).code_end = kAllEnd; }},
      {"tests a later value", [](File& f) { f.code(kAnyTest).slot = kSlots + kAny; }},
      {"tests a later value", [](File& f) { f.code(kAnyTest).slot = kSlots + kSum; }},
      {"into or out of a quantifier's body", [](File& f) { f.code(kAllJump).target = kBlock; }},
      {"into or out of a quantifier's body", [](File& f) { f.code(kAllDomain).target = kEnd; }},
      {"jumps back or outside", [](File& f) { f.code(kAllJump).target = kAllJump; }},
      {"a tool has a field out of range",
       [](File& f) { f.record<format::Tool>(SectionId::Tools, 0).code = kAllDomain; }},
      {"a tool pattern has a field out of range",
       [](File& f) { f.record<format::Pattern>(SectionId::Patterns, 0).code = kAnyEnd; }},
  };
  CheckRefused(rows);
}

TEST_CASE("no jump of a block leads into a body") {
  // The block stands first here, so that it could jump forward into the body.
  const auto refusal = [](Instruction jump, std::uint32_t entry_target) {
    Encoder encoder;
    encoder.header.zone = encoder.AddText("UTC");
    WriteRule(encoder, format::RuleKind::Default, "/default");
    const std::uint32_t to =
        encoder.AddSlot(encoder.AddMember(Encoder::RootNode(format::Root::Args), "to"));
    encoder.code.push_back(jump);
    const std::pair<std::uint32_t, std::uint32_t> target(encoder.AddNumber({1, 0}), entry_target);
    encoder.AddIndexTable(std::span(&target, 1));
    encoder.code.push_back({.opcode = Opcode::End});
    const std::uint32_t variable = encoder.AddVariable();
    encoder.code.push_back(Test(Predicate::EqualBool, variable, encoder.AddBool(true)));
    encoder.code.push_back({.opcode = Opcode::End});
    encoder.AddQuantified(Quantifier::Any, to, variable, 2);
    encoder.AddTool("send", 0, 0);
    File file{encoder.Finish()};
    return file.Refusal();
  };
  const std::string leads_in = "instruction 0 jumps into or out of a quantifier's body";
  CHECK(refusal({.opcode = Opcode::Jump, .target = 1}, 1) == "");
  CHECK(refusal({.opcode = Opcode::Jump, .target = 2}, 1) == leads_in);
  CHECK(refusal({.opcode = Opcode::Guard, .target = 3}, 1) == leads_in);
  CHECK(refusal({.opcode = Opcode::Index, .target = 1}, 1) == "");
  CHECK(refusal({.opcode = Opcode::Index, .target = 2}, 1) == leads_in);
  CHECK(refusal({.opcode = Opcode::Index, .target = 1}, 2) ==
        "index table 0 leads back or outside");
}

TEST_CASE("a guard goes forward") {
  const Row rows[] = {
      {"jumps back or outside", [](File& f) { f.code(kGuard).target = kGuard; }},
      {"jumps back or outside", [](File& f) { f.code(kGuard).target = kEnd + 1; }},
      {"flags that its opcode does not know", [](File& f) { f.code(kGuard).flags = 4; }},
  };
  CheckRefused(rows);
}

// A value of a value of … `depth` values; the last, when there is one, of a quantifier's body.
std::string RefusalOfDepth(std::uint32_t depth, bool through_body) {
  Encoder encoder;
  encoder.header.zone = encoder.AddText("UTC");
  WriteRule(encoder, format::RuleKind::Default, "/default");
  const std::uint32_t to =
      encoder.AddSlot(encoder.AddMember(Encoder::RootNode(format::Root::Args), "to"));
  std::uint32_t value = to;
  for (std::uint32_t i = through_body ? 1 : 0; i < depth; ++i) {
    value = encoder.AddApplied(Function::Lower, value);
  }
  if (through_body) {
    const std::uint32_t variable = encoder.AddVariable();
    encoder.code.push_back(Test(Predicate::EqualString, value, encoder.AddString("a")));
    encoder.code.push_back({.opcode = Opcode::End});
    encoder.AddQuantified(Quantifier::Any, to, variable, 0);
  }
  encoder.code.push_back({.opcode = Opcode::End});
  File file{encoder.Finish()};
  return file.Refusal();
}

TEST_CASE("values of values of values, and quantifiers in quantifiers, have a limit") {
  for (const bool through_body : {false, true}) {
    CHECK(RefusalOfDepth(format::kDerivedDepthMax, through_body) == "");
    CHECK(RefusalOfDepth(format::kDerivedDepthMax + 1, through_body).find("too deeply") !=
          std::string::npos);
  }
  const auto nest = [](std::uint32_t depth) {
    Encoder encoder;
    encoder.header.zone = encoder.AddText("UTC");
    WriteRule(encoder, format::RuleKind::Default, "/default");
    const std::uint32_t to =
        encoder.AddSlot(encoder.AddMember(Encoder::RootNode(format::Root::Args), "to"));
    std::vector<std::uint32_t> variables;
    for (std::uint32_t i = 0; i < depth; ++i) variables.push_back(encoder.AddVariable());
    std::uint32_t inner = variables.back();
    for (; !variables.empty(); variables.pop_back()) {
      const auto body = static_cast<std::uint32_t>(encoder.code.size());
      encoder.code.push_back(Test(Predicate::EqualBool, inner, encoder.AddBool(true)));
      encoder.code.push_back({.opcode = Opcode::End});
      inner = encoder.AddQuantified(Quantifier::Any, to, variables.back(), body);
    }
    File file{encoder.Finish()};
    return file.Refusal();
  };
  CHECK(nest(format::kQuantifierDepthMax) == "");
  CHECK(nest(format::kQuantifierDepthMax + 1).find("too many quantifiers") != std::string::npos);
}

TEST_CASE("derived values have a number") {
  const auto refusal = [](std::uint32_t count) {
    Encoder encoder;
    encoder.header.zone = encoder.AddText("UTC");
    WriteRule(encoder, format::RuleKind::Default, "/default");
    encoder.code.push_back({.opcode = Opcode::End});
    const std::uint32_t literal = encoder.AddBool(true);
    for (std::uint32_t i = 0; i < count; ++i) encoder.AddLiteral(literal);
    File file{encoder.Finish()};
    return file.Refusal();
  };
  CHECK(refusal(format::kDerivedMax) == "");
  CHECK(refusal(format::kDerivedMax + 1).find("derived values") != std::string::npos);
}

TEST_CASE("pins are sorted and distinct, and their texts are texts") {
  const Row rows[] = {
      {"out of order or there twice", [](File& f) { std::swap(f.pin(0), f.pin(1)); }},
      {"out of order or there twice", [](File& f) { f.pin(1).server = f.pin(0).server; }},
      {"a pinned tool's name", [](File& f) { f.pin(0).tool.offset = 0xFFFFFF; }},
      {"a pinned tool's server", [](File& f) { f.pin(0).server.size = 0xFFFFFF; }},
      {"a pinned tool's annotations", [](File& f) { f.pin(2).annotations.offset = 0xFFFFFF; }},
      {"a pinned tool's category", [](File& f) { f.pin(2).category.size = 0xFFFFFF; }},
      {"a pinned tool's risk", [](File& f) { f.pin(2).risk.offset = 0xFFFFFF; }},
      {"a rule's file",
       [](File& f) { f.record<format::Rule>(SectionId::Rules, 1).file.size = 0xFFFFFF; }},
  };
  CheckRefused(rows);
}

}  // namespace
}  // namespace policy
