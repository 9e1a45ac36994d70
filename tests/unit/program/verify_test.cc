// A program that is altered anywhere, with its checksum made right again, is refused or safe to
// run.
#include "runtime/program/verify.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <vector>

#include "policy/compiler.h"
#include "runtime/program/disassemble.h"
#include "runtime/program/encode.h"
#include "runtime/program/frame.h"
#include "runtime/program/layout.h"
#include "runtime/vm/interpreter.h"
#include "runtime/vm/message.h"

namespace policy {
namespace {

constexpr std::string_view kPolicy = R"({
  "version": "1", "default": "deny", "zone": "Europe/Berlin", "hide": ["secret_*"],
  "all_tools": {"limits": [{"counter": "calls", "window": "minute", "max": 30}]},
  "tools": {
    "send": {
      "args": ["to", "kind", "n"], "reason": "why",
      "require": [{"conditions": [
        {"path": "args.to", "op": "in", "value": ["a", "b", "c"]},
        {"path": "args.n", "op": "in", "value": [1, 2.5, 30]},
        {"path": "args.list[1].x", "op": "neq", "value": true, "absent": false}]}],
      "deny_if": [
        {"conditions": [{"path": "args.kind", "op": "eq", "value": "a"}]},
        {"conditions": [{"path": "args.kind", "op": "eq", "value": "b"},
                        {"path": "args.to", "op": "regex", "value": "^x"}]},
        {"conditions": [{"path": "args.kind", "op": "eq", "value": "c"},
                        {"path": "args.to", "op": "regex", "value": "^x"}]},
        {"conditions": [{"path": "args.kind", "op": "eq", "value": "d"}]}],
      "approve_if": [{"conditions": [{"path": "now", "op": "gt", "value": "2026-01-01T00:00:00Z"}],
                      "from": "ops", "within": "10m"}],
      "limits": [{"counter": "money", "window": "day", "max": 5.00, "cost": "args.n",
                  "scope": ["grant", {"arg": "to"}]},
                 {"counter": "slide", "window": 9, "max": 7, "algorithm": "sliding"},
                 {"counter": "drip", "window": 9, "max": 7, "algorithm": "bucket", "burst": 2},
                 {"counter": "busy", "max": 7, "algorithm": "concurrency"}]
    },
    "other": {"limits": [
        {"counter": "drip", "window": 9, "max": 7, "algorithm": "bucket", "burst": 2}]},
    "s*": {}
  }
})";

std::vector<std::byte> GoodProgram() {
  Diagnostics diagnostics;
  const Source source("policy.json", std::string(kPolicy));
  auto bytes = Compile(source, {}, diagnostics);
  REQUIRE(bytes.has_value());
  return *std::move(bytes);
}

void MendChecksum(std::vector<std::byte>& file) {
  const auto checksum = ChecksumOf(file);
  std::memcpy(file.data() + offsetof(format::Header, checksum), checksum.data(), checksum.size());
}

// Runs every block of the program with values of several kinds, and prints it.
void Exercise(const std::shared_ptr<const Program>& program) {
  const Layout& layout = program->layout();
  Frame frame(program);
  const Value values[] = {Value::MakeString("a"), Value::MakeNumber({25, -1}),
                          Value::MakeBool(true), Value::MakeTime(0), Value{}};
  for (std::size_t turn = 0; turn < std::size(values); ++turn) {
    for (const std::string_view tool : {"send", "sx", "secret_1", "nothing"}) {
      frame.Clear();
      for (std::uint32_t slot = 0; slot < layout.slots().size(); ++slot) {
        frame.Fill(slot, values[(turn + slot) % std::size(values)]);
      }
      frame.set_tool(tool);
      frame.arguments = R"({"to":"a","\u006bind":"b","other":1})";
      Findings findings;
      Interpret(frame, findings);
      std::string message;
      for (const FoundRule& found : findings.denials) {
        WriteRuleMessage(found, frame, message);
        CHECK_FALSE(message.empty());
      }
      for (const std::uint32_t limit : findings.limits) CHECK(limit < layout.limits().size());
      static_cast<void>(program->Hides(tool, "default"));
    }
  }
  CHECK_FALSE(Disassemble(*program).empty());
}

TEST_CASE("a good program loads, and decodes to what was encoded") {
  const std::vector<std::byte> file = GoodProgram();
  const auto program = Program::Load(file);
  REQUIRE(program.has_value());
  CHECK(std::ranges::equal((*program)->bytes(), file));
  CHECK((*program)->HashText().size() == 12);
  Exercise(*program);
}

TEST_CASE("bytes that are no program are refused with a reason") {
  const std::vector<std::byte> good = GoodProgram();
  const auto reason = [](std::vector<std::byte> file) {
    const auto program = Program::Load(file);
    return program ? std::string() : program.error().what;
  };
  CHECK(reason({}) == "it is too short to be a program");
  std::vector<std::byte> short_file(good.begin(), good.end() - 8);
  CHECK(reason(short_file).find("bytes and has") != std::string::npos);
  std::vector<std::byte> other_magic = good;
  other_magic[0] = std::byte{'X'};
  CHECK(reason(other_magic) == "it is not a decision program");
  std::vector<std::byte> altered = good;
  altered.back() ^= std::byte{1};
  CHECK(reason(altered) == "its checksum does not agree with it");
}

// The records of a section, to be altered in place.
template <typename Record>
std::span<Record> RecordsOf(std::vector<std::byte>& file, format::SectionId id) {
  format::Header header;
  std::memcpy(&header, file.data(), sizeof(header));
  const format::Section section = header.sections[static_cast<std::size_t>(id)];
  return {reinterpret_cast<Record*>(file.data() + section.offset), section.count};
}

TEST_CASE("the terms of a counter have to go together") {
  using format::Algorithm;
  const std::vector<std::byte> good = GoodProgram();
  const auto reason = [&](const auto& alter) {
    std::vector<std::byte> file = good;
    alter(RecordsOf<format::Counter>(file, format::SectionId::Counters),
          RecordsOf<format::Limit>(file, format::SectionId::Limits));
    MendChecksum(file);
    const auto program = Program::Load(file);
    return program ? std::string() : program.error().what;
  };
  using Counters = std::span<format::Counter>;
  using Limits = std::span<format::Limit>;
  // Counters: calls, money, slide, drip, busy; each has its limits in this order.
  REQUIRE(reason([](Counters, Limits) {}).empty());
  const std::string window = "has no known algorithm or a window that it cannot have";
  CHECK(reason([](Counters counters, Limits) { counters[1].algorithm = Algorithm::Sliding; }) ==
        "counter 1 " + window);
  CHECK(reason([](Counters counters, Limits) { counters[4].algorithm = Algorithm::Sliding; }) ==
        "counter 4 " + window);
  CHECK(reason([](Counters counters, Limits) { counters[2].algorithm = Algorithm::Concurrency; }) ==
        "counter 2 " + window);
  CHECK(reason([](Counters counters, Limits) {
          counters[2].window_seconds = format::kLengthSecondsMax + 1;
        }) == "counter 2 " + window);
  CHECK(reason([](Counters counters, Limits) { counters[2].algorithm = Algorithm{4}; }) ==
        "counter 2 " + window);
  CHECK(reason([](Counters, Limits limits) { limits[2].burst = 1; }) ==
        "limit 2 has a wrong burst");
  CHECK(reason([](Counters, Limits limits) { limits[3].burst = -1; }) ==
        "limit 3 has a wrong burst");
  const std::string rates = "counter 3 is a bucket of two rates";
  CHECK(reason([](Counters, Limits limits) { limits[3].burst = 1; }) == rates);
  CHECK(reason([](Counters, Limits limits) { limits[3].max = 1; }) == rates);
}

TEST_CASE("every cut of a program is refused") {
  const std::vector<std::byte> good = GoodProgram();
  for (std::size_t size = 0; size < good.size(); size += 7) {
    CHECK_FALSE(Program::Load(std::span(good).first(size)).has_value());
  }
}

TEST_CASE("a program with any word or byte altered is refused or safe to run") {
  const std::vector<std::byte> good = GoodProgram();
  const std::size_t words = good.size() / 4;
  std::size_t refused = 0;
  std::size_t loaded = 0;
  const auto try_file = [&](std::vector<std::byte> file) {
    MendChecksum(file);
    const auto program = Program::Load(file);
    ++(program ? loaded : refused);
    if (program) Exercise(*program);
  };
  for (std::size_t word = 0; word < words; ++word) {
    std::uint32_t old = 0;
    std::memcpy(&old, good.data() + word * 4, 4);
    // One alteration of each word in turn: ids past the end, neighbours, huge counts.
    const std::uint32_t altered[] = {old + 1,          old - 1, 0xFFFFFFFF,
                                     old ^ 0x80000000, 0,       old ^ 0xFF00};
    std::vector<std::byte> file = good;
    std::memcpy(file.data() + word * 4, &altered[word % std::size(altered)], 4);
    try_file(file);
    file = good;
    file[word * 4 + word % 4] ^= static_cast<std::byte>(1u << (word / 4 % 8));
    try_file(file);
  }
  CHECK(refused > words / 4);
  CHECK(loaded > 0);
}

}  // namespace
}  // namespace policy
