// Policies of the text form as trees, and their spelling.
//
// A tree is JSON, so that whatever takes policies apart (Shrink, Mutate) takes these apart too:
//   {"form": "text", "default", "zone", "hide": [pattern], "lets": [{"let", "value": E}],
//    "counters": [{"counter", "max", "window", "scale", "each": [scope], "on_error"}],
//    "blocks": [{"patterns", "server", "rules": [{"rule": "deny", "name", "when": E, "because",
//    …}]}]}
// E, an expression, is a record: {"path"} {"literal"} {"list"} {"duration"} {"let", "value"}
// {"op", "left", "right"} {"not"} {"and": […]} {"or": […]} {"has"} {"is null"} {"else", "literal"}
// {"call", "operands"} {"part", "step"} {"any": variable, "in", "body"} and `all`, `count` alike.
#ifndef TESTS_DIFFERENTIAL_POLICY_TEXT_H_
#define TESTS_DIFFERENTIAL_POLICY_TEXT_H_

#include <string>

#include "tests/reference/json.h"

namespace differential {

bool IsTextForm(const reference::Json& policy);

// The policy as its form spells it: a tree as above in the text form, a record as JSON; a String is
// the spelling itself.
// Parts that are missing are spelt `?`, which no reader takes.
std::string SpellingOf(const reference::Json& policy);

// "args.a": the path of JSON and of the tree. The text form spells keys that are no names in
// brackets, as JSON does.
std::string ExpressionText(const reference::Json& expression);

}  // namespace differential

#endif  // TESTS_DIFFERENTIAL_POLICY_TEXT_H_
