// The product as an embedder meets it: compile, load, decide. Its answers are put in the
// reference's words.
#ifndef TESTS_DIFFERENTIAL_PRODUCT_H_
#define TESTS_DIFFERENTIAL_PRODUCT_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/evaluator.h"
#include "policy/program.h"
#include "runtime/limits/memory_counters.h"
#include "tests/reference/evaluator.h"

namespace differential {

struct Compiled {
  std::optional<std::vector<std::byte>> bytes;
  std::string first_error;  // "P3001 message" where there are no bytes
};

Compiled CompilePolicy(const std::string& text, bool optimise);

struct Answer {
  reference::Decision decision;  // `speaker` and `speaker_text` stay empty
  std::string message;
};

enum class Engine { Interpreter, MachineCode };

// One program with counters of its own. Stops the process where a compiled program is refused, or
// where a block's machine code cannot be made or differs from the interpreter.
class Product {
 public:
  explicit Product(const std::vector<std::byte>& bytes, Engine engine = Engine::Interpreter);

  Answer Decide(const std::string& request, const reference::Context& context);
  // Settles the charges of the last call.
  void Settle(reference::Settlement settlement);

  const policy::Program& program() const { return *program_; }

 private:
  std::shared_ptr<const policy::Program> program_;
  policy::MemoryCounters counters_;
  policy::Evaluator evaluator_;
  policy::Decision decision_;
  policy::Reservation reservation_;
};

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_PRODUCT_H_
