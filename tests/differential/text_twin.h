// A policy.json said in the text form: the same decisions, under other names of rules.
#ifndef TESTS_DIFFERENTIAL_TEXT_TWIN_H_
#define TESTS_DIFFERENTIAL_TEXT_TWIN_H_

#include <map>
#include <optional>
#include <string>

#include "tests/reference/json.h"

namespace differential {

struct TextTwin {
  reference::Json tree;                    // policy_text.h
  std::map<std::string, std::string> ids;  // of a rule: text form -> policy.json, where they differ
};

// nullopt for what the text form cannot say: `exists` beside `absent`, an empty `args`.
std::optional<TextTwin> TextTwinOf(const reference::Json& policy);

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_TEXT_TWIN_H_
