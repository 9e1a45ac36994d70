// Calls at random that are aimed at the conditions of a tree (policy_text.h).
#ifndef TESTS_DIFFERENTIAL_EXPRESSION_AIM_H_
#define TESTS_DIFFERENTIAL_EXPRESSION_AIM_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/differential/random.h"
#include "tests/reference/json.h"
#include "tests/reference/place.h"

namespace differential {

// Makes whatever is missing on the way.
void Put(reference::Json& root, const std::vector<reference::Step>& steps, reference::Json value);

// Puts values where conditions look, such as make them true or nearly so.
class ExpressionAim {
 public:
  // `roots` is a record of args, grant, claims, client. Both are used, not kept, as long as this
  // lives.
  ExpressionAim(reference::Json& roots, std::int64_t now_ns, Random& random)
      : roots_(roots), now_ns_(now_ns), random_(random) {}

  // At every condition and amount of the policy.
  void AtPolicy(const reference::Json& tree);

 private:
  using Json = reference::Json;

  void AtCondition(const Json& e);
  void AtComparison(const Json& e);
  void AtValue(const Json& e, Json wish);
  void AtPath(const std::string& path, Json value);
  void AtCall(const std::string& function, const std::vector<Json>& operands, const Json& wish);
  void AtArithmetic(const std::string& function, const std::vector<Json>& operands,
                    const Json& wish);
  void AtQuantifier(const std::string& word, const Json& e, std::size_t matching);

  // Something near what `e` means, where that is written.
  Json WishFor(const std::string& op, const Json& e);
  Json AddressAt(const std::string& domain);
  Json UrlWith(const std::string& scheme, const std::string& host, const std::string& port);
  Json OfLength(const Json& length);
  Json TimeText();

  Json& roots_;
  std::int64_t now_ns_;
  Random& random_;
  std::vector<std::pair<std::string, Json>> variables_;  // elements that are being made
};

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_EXPRESSION_AIM_H_
