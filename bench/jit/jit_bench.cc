// Machine code against the interpreter, slots filled, on policies of growing density: what the cost
// model of runtime/jit is taken from.
//
//   jit_bench [ROUNDS]
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "policy/check.h"
#include "policy/compiler.h"
#include "runtime/jit/block_shape.h"
#include "runtime/jit/code_generator.h"
#include "runtime/jit/jit.h"
#include "runtime/program/layout.h"
#include "runtime/vm/interpreter.h"

namespace {

// Processor time of this thread: what other programs take of the machine is not counted.
double NowNanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

constexpr std::size_t kCalls = 4096;  // the working set
constexpr int kPassesPerRound = 25;

struct Shape {
  int tools = 0;
  int rules = 0;
  int conditions = 0;
};

constexpr Shape kShapes[] = {{200, 1, 1}, {200, 1, 3}, {200, 2, 3},  {200, 2, 6}, {200, 4, 3},
                             {200, 4, 6}, {200, 8, 6}, {200, 20, 6}, {50, 40, 6}, {2000, 2, 3}};

// The conditions that policies are made of, over twelve arguments. Most hold, so that a rule is
// looked at for some way before it does not fire.
std::string Condition(std::mt19937& random) {
  const std::string number = std::to_string(random() % 6);
  switch (random() % 6) {
    case 0:
      return "args.amount" + number + " <= " + std::to_string(500 + random() % 500);
    case 1:
      return "args.amount" + number + " > " + std::to_string(random() % 100);
    case 2:
      return "args.text" + number + " != \"value-" + std::to_string(random() % 40) + "\"";
    case 3:
      return "args.text" + number + " not in [\"value-1\", \"value-" +
             std::to_string(2 + random() % 40) + "\", \"other\"]";
    case 4:
      return "args.text" + number + " starts_with \"value\"";
    default:
      return "args.amount" + number + " != " + std::to_string(random() % 1000);
  }
}

std::string PolicyOf(const Shape& shape, std::mt19937& random) {
  std::string policy = "default allow\n";
  for (int tool = 0; tool < shape.tools; ++tool) {
    policy += "tool tool_" + std::to_string(tool) + " {\n";
    for (int rule = 0; rule < shape.rules; ++rule) {
      policy += "  deny when ";
      for (int i = 0; i < shape.conditions; ++i) {
        policy += (i == 0 ? "" : " and ") + Condition(random);
      }
      // The last never holds, so nothing is denied; and it cannot be looked up in an index.
      policy += " and args.text0 ends_with \"never\"\n";
    }
    policy += "}\n";
  }
  return policy;
}

std::vector<std::byte> Compiled(const std::string& text) {
  policy::Diagnostics diagnostics;
  auto bytes = policy::Compile(policy::Source("bench.policy", text), {}, diagnostics);
  for (const auto& each : diagnostics.all()) {
    if (!bytes) std::fprintf(stderr, "%s\n", each.message.c_str());
  }
  CHECK(bytes.has_value());
  return std::move(*bytes);
}

// One program and the calls for it.
class Side {
 public:
  explicit Side(const std::vector<std::byte>& bytes) : program_(*policy::Program::Load(bytes)) {}

  void MakeCalls(const Shape& shape) {
    std::mt19937 random(7);
    const policy::Layout& layout = program_->layout();
    frames_.reserve(kCalls);
    for (std::size_t i = 0; i < kCalls; ++i) {
      policy::Frame& frame = frames_.emplace_back(program_);
      const auto tool = random() % static_cast<unsigned>(shape.tools);
      frame.set_tool(layout.text(layout.tools()[tool].name));
      for (std::uint32_t slot = 0; slot < frame.slot_count(); ++slot) {
        const bool is_text = layout.SlotPath(slot).find("text") != std::string::npos;
        const auto number = random() % 400;
        frame.Fill(slot, is_text ? policy::Value::MakeString(texts_[number % texts_.size()])
                                 : policy::Value::MakeNumber(
                                       *policy::ParseDecimal(std::to_string(100 + number))));
      }
    }
  }

  // Nanoseconds a decision.
  double Run() {
    const double begin = NowNanoseconds();
    for (int pass = 0; pass < kPassesPerRound; ++pass) {
      for (policy::Frame& frame : frames_) {
        findings_.Clear();
        frame.ForgetMade();
        policy::Interpret(frame, findings_);
        denials_ += findings_.denials.size();
      }
    }
    return (NowNanoseconds() - begin) / (kCalls * kPassesPerRound);
  }

  const std::shared_ptr<const policy::Program>& program() const { return program_; }
  std::size_t denials() const { return denials_; }

 private:
  std::shared_ptr<const policy::Program> program_;
  const std::vector<std::string> texts_ = {"value-0", "value-99", "value-longer-text", "value"};
  std::vector<policy::Frame> frames_;
  policy::Findings findings_;
  std::size_t denials_ = 0;
};

double MedianOf(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

double TestsPerTool(const policy::Layout& layout) {
  std::size_t tests = 0;
  for (std::uint32_t block = 0; block < policy::jit::BlockCount(layout); ++block) {
    tests += policy::jit::ShapeOf(layout, policy::jit::StartOf(layout, block))->test_count;
  }
  return static_cast<double>(tests) / policy::jit::BlockCount(layout);
}

void Measure(const Shape& shape, int rounds, const policy::jit::ObjectSource& source,
             policy::jit::Linker& linker) {
  std::mt19937 random(1);
  const std::vector<std::byte> bytes = Compiled(PolicyOf(shape, random));
  Side interpreter(bytes);
  Side machine(bytes);
  Side counted(bytes);  // as a dense tool is until it is hot
  const double begin = NowNanoseconds();
  const auto report = policy::jit::CompileAll(machine.program(), source, linker);
  const double compile_ms = (NowNanoseconds() - begin) / 1e6;
  CHECK(report.installed == policy::jit::BlockCount(machine.program()->layout()));
  counted.program()->Attach(std::make_shared<policy::NativeCode>(
      std::vector<bool>(report.installed, true), UINT32_MAX, [] {}));
  std::vector<double> slow;
  std::vector<double> fast;
  std::vector<double> counting;
  for (Side* side : {&interpreter, &machine, &counted}) side->MakeCalls(shape);
  for (int round = 0; round < rounds; ++round) {
    slow.push_back(interpreter.Run());
    fast.push_back(machine.Run());
    counting.push_back(counted.Run());
  }
  CHECK(interpreter.denials() == machine.denials());
  std::printf("%5d x %2d x %d %8.1f %9.1f %9.1f %9.1f %8.2f %10.2f %8.1f\n", shape.tools,
              shape.rules, shape.conditions, TestsPerTool(machine.program()->layout()),
              MedianOf(slow), MedianOf(counting), MedianOf(fast), MedianOf(slow) / MedianOf(fast),
              compile_ms / static_cast<double>(report.installed),
              static_cast<double>(report.bytes) / static_cast<double>(report.installed) / 1024);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 15;
  auto linker = policy::jit::Linker::Open(policy::jit::PathBeside("libpolicy_jit.so"));
  if (!linker) std::fprintf(stderr, "%s\n", linker.error().c_str());
  CHECK(linker.has_value());
  const policy::jit::ObjectSource source = policy::jit::MakeObjectsHere();
  std::printf(
      "ns of processor time a decision, slots filled, %zu calls in turn, medians of %d rounds\n",
      kCalls, rounds);
  std::printf("tools x rules x conditions; tests a tool; interpreter; the same, calls counted; ");
  std::printf("machine code; gain; ms to compile and check a tool; KiB of its object\n");
  for (const Shape& shape : kShapes) Measure(shape, rounds, source, **linker);
  return EXIT_SUCCESS;
}
