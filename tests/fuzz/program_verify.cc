// Any bytes as a program: refused, or safe to run. The mutator begins with the compiler's programs
// and mends sizes and the checksum, so that what it breaks is looked at.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "policy/check.h"
#include "policy/evaluator.h"
#include "runtime/limits/memory_counters.h"
#include "runtime/mcp/message.h"
#include "runtime/program/encode.h"
#include "runtime/program/format.h"
#include "runtime/program/frame.h"
#include "runtime/program/layout.h"
#include "runtime/vm/blame.h"
#include "runtime/vm/interpreter.h"
#include "tests/fuzz/derived_program.h"
#include "tests/fuzz/policies.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);

namespace {

const char* const kRequests[] = {
    R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"send","arguments":
        {"to":"a@x.org","text":"hi","n":12.5,"list":[1,"a"],"kind":"e","flag":false}}})",
    R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":
        {"path":"/srv/app/x","url":"https://a.x.org/","deep":{"a":[{},{"b":1}]},"odd key":"h",
         "n":11}}})",
    R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"secret","arguments":{}}})"};

// The explanation's way through: every test is run, every unknown one is blamed on something.
void RunTraced(const std::shared_ptr<const policy::Program>& program) {
  policy::Frame frame(program);
  CHECK(policy::mcp::FillArguments(
      R"({"to":["a@x.org",1],"list":[[1],"a",null],"n":1,"deep":{"a":["a",{}]},"text":"\u0061"})",
      frame));
  frame.set_tool("send");
  if (!policy::mcp::FillContext({}, frame)) return;
  policy::Findings findings;
  std::vector<policy::TraceStep> trace;
  policy::InterpretTraced(frame, findings, trace);
  for (const policy::TraceStep& step : trace) {
    const policy::Instruction& instruction = program->layout().code()[step.instruction];
    if (instruction.opcode != policy::Opcode::Test) continue;
    if (step.truth == policy::Truth::Unknown) {
      CHECK(!policy::CauseOfTest(instruction, frame).empty());
    }
  }
}

void Run(const std::shared_ptr<const policy::Program>& program) {
  policy::MemoryCounters counters;
  policy::Evaluator evaluator(program, counters, "fuzz");
  policy::CallContext context;
  context.claims = R"({"sub":"u"})";
  context.grant_attributes = R"({"team":"ops"})";
  policy::Decision decision;
  for (const char* request : kRequests) {
    policy::Reservation reservation;
    static_cast<void>(evaluator.Decide(request, context, decision, reservation));
    for (const std::uint32_t rule : decision.rules) CHECK(!program->rule(rule).id.empty());
    reservation.Settle(policy::Settlement::CommitError);
  }
  static_cast<void>(program->Hides("secret", "default"));
  const policy::Layout& layout = program->layout();
  const std::size_t values = layout.slots().size() + layout.derived().size();
  for (std::uint32_t number = 0; number < values; ++number) {
    CHECK(!layout.SlotPath(number).empty());
  }
  RunTraced(program);
}

// One aligned word of the file becomes another one that might be taken for an id or a count.
void AlterWord(std::uint8_t* data, std::size_t size, unsigned seed) {
  const std::size_t at = (seed % (size / 4)) * 4;
  std::uint32_t word = 0;
  std::memcpy(&word, data + at, 4);
  const std::uint32_t words[] = {0,
                                 1,
                                 word + 1,
                                 word - 1,
                                 policy::format::kNone,
                                 word ^ 0x80,
                                 static_cast<std::uint32_t>(size),
                                 seed >> 16};
  word = words[(seed >> 8) % std::size(words)];
  std::memcpy(data + at, &word, 4);
}

void Mend(std::uint8_t* data, std::size_t size) {
  policy::format::Header header;
  std::memcpy(&header, data, sizeof header);
  header.magic = policy::format::kMagic;
  header.version = policy::format::kVersion;
  header.header_bytes = sizeof header;
  header.file_bytes = size;
  std::memcpy(data, &header, sizeof header);
  header.checksum = policy::ChecksumOf(std::as_bytes(std::span(data, size)));
  std::memcpy(data, &header, sizeof header);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argument_count, char*** arguments) {
  fuzz::AddOption(argument_count, arguments, "-max_len=32768");
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
  if (size < sizeof(policy::format::Header) || seed % 256 == 0) {
    const auto& policies = fuzz::Policies();
    const std::size_t choice = seed / 256 % (policies.size() + 1);
    const auto bytes = choice == policies.size()
                           ? fuzz::DerivedProgram()
                           : fuzz::CompileText(policies[choice], seed % 2 == 0);
    if (bytes.size() > size_max) return size;
    std::memcpy(data, bytes.data(), bytes.size());
    size = bytes.size();
  }
  const unsigned times = 1 + seed / 7 % 4;
  for (unsigned i = 0; i < times; ++i) {
    if (seed % 8 != 7 && size >= sizeof(policy::format::Header)) {
      AlterWord(data, size, seed * 2'654'435'761U + i * 40'503U);
    } else {
      size = LLVMFuzzerMutate(data, size, size_max);
    }
  }
  if (size >= sizeof(policy::format::Header) && seed % 16 != 15) Mend(data, size);
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = std::as_bytes(std::span(data, size));
  const auto program = policy::Program::Load(file);
  if (!program) return 0;
  CHECK(std::ranges::equal((*program)->bytes(), file));
  Run(*program);
  return 0;
}
