// From the text of one file to its tree: the one place that runs the grammar of the text form.
#ifndef GRAMMAR_POLICY_TEXT_PARSER_H_
#define GRAMMAR_POLICY_TEXT_PARSER_H_

#include <set>
#include <string_view>
#include <vector>

#include "grammar/ast.h"
#include "grammar/text_mistake.h"
#include "grammar/text_tree.h"

namespace policy {

struct ParsedText {
  TextTree tree;                       // of what could be read
  std::vector<ast::Comment> comments;  // in order
  std::set<std::string_view> broken;   // keywords of the statements that could not be read
};

// Reports every mistake and reads on behind it. REQUIRES: the text is UTF-8 of at most
// kPolicyBytesMax bytes.
ParsedText ParsePolicyText(const TextInput& input);

}  // namespace policy

#endif  // GRAMMAR_POLICY_TEXT_PARSER_H_
