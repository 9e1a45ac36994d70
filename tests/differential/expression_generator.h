// Conditions and values of the text form at random, as trees (policy_text.h).
#ifndef TESTS_DIFFERENTIAL_EXPRESSION_GENERATOR_H_
#define TESTS_DIFFERENTIAL_EXPRESSION_GENERATOR_H_

#include <string>
#include <vector>

#include "tests/differential/random.h"
#include "tests/reference/json.h"

namespace differential {

// What a value is meant to be.
enum class Sort {
  Number,
  Text,
  Bool,
  Mail,
  Url,
  File,
  Command,
  Sql,
  TimeText,
  Time,
  Duration,
  Texts,  // lists
  Mails,
  Numbers,
  Records,  // {kind, n, flag, tags, when}
  Lists,    // of lists of numbers
};

class ExpressionGenerator {
 public:
  // `random` is used, not kept, as long as this lives. Expressions look at a few places that are
  // drawn once.
  explicit ExpressionGenerator(Random& random);

  reference::Json Condition() { return Condition(2); }
  // A number: an amount to charge.
  reference::Json Amount();
  // Of a place that expressions look at, or of any other: "args.n".
  std::string ArgumentPath();
  // What `let` declares: used by expressions where one fits.
  const std::vector<reference::Json>& lets() const { return lets_; }

 private:
  struct Place {
    std::string path;
    Sort sort;
  };
  using Json = reference::Json;

  Json Condition(int depth);
  Json Junction(int depth);
  Json Comparison(int depth);
  Json CompareNumbers();
  Json CompareTexts();
  Json CompareTimes();
  Json CompareDurations();
  Json CompareLists();
  Json CompareTwo();
  Json Presence();
  Json BoolCondition();
  Json Quantifier(const std::string& word, int depth);
  Json Body(int depth);

  Json Number(int depth = 2);
  Json TextValue();
  Json TimeValue();
  Json DurationValue();
  Json TextList();

  Json PathOf(Sort sort);
  std::string PathText(Sort sort);
  bool InBody() const { return !variables_.empty(); }

  Random& random_;
  std::vector<Place> places_;
  std::vector<Place> variables_;  // the innermost last
  std::vector<Json> lets_;
};

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_EXPRESSION_GENERATOR_H_
