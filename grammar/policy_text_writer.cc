#include "grammar/policy_text_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "grammar/json_document.h"
#include "grammar/json_fields.h"
#include "grammar/keywords.h"
#include "grammar/text_expression_writer.h"

namespace policy {

namespace {

constexpr std::size_t kColumnsMax = 100;
constexpr std::size_t kIndent = 2;
constexpr std::size_t kContinuation = 4;  // further in than the statement

// -- lines ---------------------------------------------------------------------------------------

// The text so far, with the comments and blank lines of the source in their places.
class Page {
 public:
  Page(const ast::Policy& policy, const Source* source) : source_(source) {
    if (source != nullptr) comments_ = &policy.comments;
  }

  void Line(std::size_t indent, std::string_view text) {
    text_.append(indent, ' ');
    text_ += text;
    text_ += '\n';
    begins_block_ = false;
  }
  void Blank() {
    if (!text_.empty() && !text_.ends_with("\n\n") && !begins_block_) text_ += '\n';
  }
  // After a line that opens a block no blank line stands.
  void BeginBlock() { begins_block_ = true; }

  // Comments that begin before `offset`, each on a line of its own.
  void CommentsBefore(std::uint32_t offset, std::size_t indent) {
    while (const ast::Comment* comment = NextBefore(offset)) {
      KeepBlankBefore(comment->span.begin);
      Line(indent, TextOf(*comment));
      ++next_comment_;
    }
  }
  // The comment that stands behind what ends at `end`, on its line, moves to the end of the last
  // line.
  void CommentBehind(std::uint32_t end) {
    if (comments_ == nullptr || next_comment_ == comments_->size()) return;
    const ast::Comment& comment = (*comments_)[next_comment_];
    const bool is_behind = !comment.begins_line && comment.span.begin >= end &&
                           source_->Locate(comment.span.begin).line == source_->Locate(end).line;
    if (!is_behind) return;
    text_.pop_back();
    text_ += "  ";
    text_ += TextOf(comment);
    text_ += '\n';
    ++next_comment_;
  }
  // A blank line where the source has one above the line of `offset`.
  void KeepBlankBefore(std::uint32_t offset) {
    if (source_ == nullptr) return;
    const std::uint32_t line = source_->Locate(offset).line;
    if (line < 2) return;
    const std::string_view above = source_->LineText(line - 1);
    if (above.find_first_not_of(" \t\r") == std::string_view::npos) Blank();
  }

  bool has_source() const { return source_ != nullptr; }
  std::string Take() {
    while (text_.ends_with("\n\n")) text_.pop_back();
    return std::move(text_);
  }

 private:
  const ast::Comment* NextBefore(std::uint32_t offset) const {
    if (comments_ == nullptr || next_comment_ == comments_->size()) return nullptr;
    const ast::Comment& comment = (*comments_)[next_comment_];
    return comment.span.begin < offset ? &comment : nullptr;
  }
  std::string_view TextOf(const ast::Comment& comment) const {
    std::string_view text =
        source_->text().substr(comment.span.begin, comment.span.end - comment.span.begin);
    return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  }

  const Source* source_;
  const std::vector<ast::Comment>* comments_ = nullptr;
  std::size_t next_comment_ = 0;
  std::string text_;
  bool begins_block_ = true;
};

// A part of a statement: it may stand on a line of its own, and a condition on several.
struct Clause {
  std::string lead;                // "when "
  std::vector<std::string> parts;  // at least one

  std::string Text() const {
    std::string text = lead;
    for (std::size_t i = 0; i < parts.size(); ++i) text += (i == 0 ? "" : " ") + parts[i];
    return text;
  }
};

void WriteClauses(Page& page, std::size_t indent, const std::vector<Clause>& clauses) {
  std::string whole;
  for (const Clause& clause : clauses) whole += (whole.empty() ? "" : " ") + clause.Text();
  if (indent + whole.size() <= kColumnsMax) return page.Line(indent, whole);
  // As many clauses a line as fit; one that does not fit a line of its own is taken apart.
  std::string line;
  std::size_t margin = indent;
  const auto flush = [&] {
    if (line.empty()) return;
    page.Line(margin, line);
    line.clear();
    margin = indent + kContinuation;
  };
  for (const Clause& clause : clauses) {
    const std::string text = clause.Text();
    if (!line.empty() && margin + line.size() + 1 + text.size() <= kColumnsMax) {
      line += " " + text;
      continue;
    }
    // The first part of a condition stays beside the keyword.
    const bool stays = clause.parts.size() > 1 && margin == indent;
    if (!stays) flush();
    if (!stays && (margin + text.size() <= kColumnsMax || clause.parts.size() == 1)) {
      line = text;
      continue;
    }
    line += (line.empty() ? "" : " ") + clause.lead + clause.parts[0];
    flush();
    for (std::size_t i = 1; i < clause.parts.size(); ++i) {
      line = clause.parts[i];
      if (i + 1 < clause.parts.size()) flush();
    }
  }
  flush();
}

// -- statements ----------------------------------------------------------------------------------

std::string ScopeText(const ast::Scope& scope) {
  constexpr std::string_view kScopes[] = {"grant", "session", "tool", "server", "global"};
  if (scope.kind == ast::ScopeKind::Value) return PathAsText(scope.path);
  return std::string(kScopes[static_cast<std::size_t>(scope.kind)]);
}

std::string OnErrorText(std::optional<ast::OnError> rule) {
  if (!rule) return "";
  return *rule == ast::OnError::Refund ? " on error refund" : " on error keep";
}

std::string OnStoreErrorText(std::optional<ast::OnStoreError> rule) {
  constexpr std::string_view kRules[] = {"deny", "local_share", "allow"};
  if (!rule) return "";
  return fmt::format(" on store error {}", kRules[static_cast<std::size_t>(*rule)]);
}

// policy.json may write a length of time as whole seconds.
std::string DurationText(const std::string& written) {
  const bool is_number = written.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? written + "s" : written;
}

// `per minute sliding`, `at once`.
std::string MeasureText(const ast::CounterTerms& terms) {
  if (terms.algorithm == ast::Algorithm::Concurrency) return "at once";
  std::string text = "per " + DurationText(terms.window.written.text);
  if (terms.algorithm == ast::Algorithm::Sliding) text += " sliding";
  if (terms.algorithm == ast::Algorithm::Bucket) text += " bucket";
  if (terms.burst) text += " burst " + terms.burst->text;
  return text;
}

std::string CounterText(const ast::Counter& counter) {
  const ast::CounterTerms& terms = counter.terms;
  std::string text = fmt::format("counter {} = {} {}", NameText(counter.name.text), terms.max.text,
                                 MeasureText(terms));
  if (terms.scale) text += fmt::format(" scale {}", *terms.scale);
  for (std::size_t i = 0; i < terms.scopes.size(); ++i) {
    text += (i == 0 ? " each " : ", ") + ScopeText(terms.scopes[i]);
  }
  if (terms.on_error == ast::OnError::Refund) text += OnErrorText(terms.on_error);
  if (terms.on_store_error != ast::OnStoreError::Deny) {
    text += OnStoreErrorText(terms.on_store_error);
  }
  return text;
}

std::string ListOfNames(const std::vector<ast::Word>& names) {
  std::string text;
  for (const ast::Word& name : names) text += (text.empty() ? "" : ", ") + NameText(name.text);
  return text;
}

// The clauses of a statement of a tool block.
struct StatementClauses {
  const ast::Statement& statement;
  const TextExpressionWriter& expressions;
  std::vector<Clause>& clauses;

  void Word(std::string text) const { clauses.push_back({"", {std::move(text)}}); }
  void Head(std::string_view keyword) const {
    std::string text(keyword);
    if (statement.name) text += " " + JsonQuoted(statement.name->text);
    Word(std::move(text));
  }
  void When(const std::optional<ast::ExpressionId>& when) const {
    if (when && !IsEmptyAnd(*when)) clauses.push_back({"when ", expressions.Parts(*when)});
  }
  // policy.json writes an empty list of conditions where the text form writes nothing.
  bool IsEmptyAnd(ast::ExpressionId id) const { return expressions.Text(id) == "true"; }

  void operator()(const ast::Allow& allow) const {
    Head("allow");
    When(allow.when);
  }
  void operator()(const ast::Deny& deny) const {
    Head("deny");
    When(deny.when);
  }
  void operator()(const ast::Require& require) const {
    Head("require");
    clauses.push_back({"", expressions.Parts(require.condition_id)});
  }
  void operator()(const ast::Approve& approve) const {
    Head("approve");
    When(approve.when);
    if (approve.from) Word("from " + JsonQuoted(approve.from->text));
    if (approve.within) Word("within " + DurationText(approve.within->written.text));
  }
  void operator()(const ast::CloseArguments& close) const {
    Word("args only");
    std::vector<std::string> names;
    for (const ast::Word& name : close.names) {
      names.push_back(NameText(name.text) + (&name == &close.names.back() ? "" : ","));
    }
    if (!names.empty()) clauses.push_back({"", std::move(names)});
  }
  void operator()(const ast::OpenArguments&) const { Word("args any"); }
  void operator()(const ast::Limit& limit) const {
    std::string text = (limit.cost ? "charge " : "limit ") + NameText(limit.counter.text);
    if (limit.cost) text += " " + expressions.Text(*limit.cost);
    if (limit.max) text += " up to " + limit.max->text;
    text += OnErrorText(limit.on_error) + OnStoreErrorText(limit.on_store_error);
    Word(std::move(text));
  }
};

void WriteStatement(Page& page, const ast::Statement& statement,
                    const TextExpressionWriter& expressions) {
  std::vector<Clause> clauses;
  std::visit(StatementClauses{statement, expressions, clauses}, statement.node);
  if (statement.because) {
    clauses.push_back({"because ", {JsonQuoted(statement.because->text)}});
  }
  WriteClauses(page, kIndent, clauses);
}

void WriteBlock(Page& page, const ast::ToolBlock& block, const TextExpressionWriter& expressions) {
  std::string head = "tool " + ListOfNames(block.patterns);
  if (block.server) head += " on server " + JsonQuoted(block.server->text);
  const bool is_empty = block.statements.empty();
  page.Line(0, head + " {");
  page.BeginBlock();
  if (!is_empty && page.has_source()) {
    const std::uint32_t first = block.statements.front().span.begin;
    // A comment behind the opening brace.
    page.CommentBehind(block.span.begin);
    page.BeginBlock();
    page.CommentsBefore(first, kIndent);
  }
  for (const ast::Statement& statement : block.statements) {
    // What stands within the statement comes to stand before it.
    page.CommentsBefore(statement.span.end, kIndent);
    page.KeepBlankBefore(statement.span.begin);
    WriteStatement(page, statement, expressions);
    page.CommentBehind(statement.span.end);
  }
  if (page.has_source()) page.CommentsBefore(block.span.end, kIndent);
  page.Line(0, "}");
}

// -- tests ---------------------------------------------------------------------------------------

std::string RecordText(const json::Value& value);

std::string ValueText(const json::Value& value) {
  switch (value.kind) {
    case json::Kind::Null:
      return "null";
    case json::Kind::Bool:
      return value.boolean ? "true" : "false";
    case json::Kind::Number:
      return value.text;
    case json::Kind::String:
      return JsonQuoted(value.text);
    case json::Kind::List: {
      std::string text;
      for (const json::Value& item : value.items) {
        text += (text.empty() ? "" : ", ") + ValueText(item);
      }
      return "[" + text + "]";
    }
    case json::Kind::Record:
      return RecordText(value);
  }
  return "";
}

// Depth is bounded by the parser.
std::string RecordText(const json::Value& value) {
  if (value.members.empty()) return "{}";
  std::string text;
  for (const json::Member& member : value.members) {
    const bool is_label = IsPlainName(member.key) || IsKeyword(member.key);
    text += (text.empty() ? "" : ", ") + (is_label ? member.key : JsonQuoted(member.key)) + ": " +
            ValueText(member.value);
  }
  return "{ " + text + " }";
}

std::string RecordText(const std::string& json_text) {
  Diagnostics ignored;
  const Source source("", json_text);
  const auto value = json::Parse(source, ignored);
  return value ? RecordText(*value) : "{}";
}

void WriteCall(Page& page, const ast::TestCall& call) {
  std::vector<Clause> clauses;
  const auto add = [&](std::string text) { clauses.push_back({"", {std::move(text)}}); };
  const auto add_word = [&](std::string_view lead, const std::optional<ast::Word>& word) {
    if (word) add(std::string(lead) + JsonQuoted(word->text));
  };
  const auto add_record = [&](std::string_view lead, const std::string& record) {
    if (!record.empty()) add(std::string(lead) + RecordText(record));
  };
  add("call " + NameText(call.tool.text) + " " + RecordText(call.arguments));
  add_word("on server ", call.server);
  add_word("as grant ", call.grant);
  add_word("in session ", call.session);
  add_record("with claims ", call.claims);
  add_record("with attributes ", call.attributes);
  add_record("with annotations ", call.annotations);
  add_word("at ", call.at);
  WriteClauses(page, kIndent, clauses);
  page.CommentBehind(call.span.end);
  page.CommentsBefore(call.expect_span.end, kIndent);
  clauses.clear();
  constexpr std::string_view kOutcomes[] = {"allow", "deny", "approval", "limited"};
  add(fmt::format("expect {}", kOutcomes[static_cast<std::size_t>(call.outcome)]));
  add_word("from ", call.from);
  add_word("by ", call.rule);
  add_word("because ", call.message);
  if (call.retry_after_ms) add("retry after " + call.retry_after_ms->text);
  WriteClauses(page, kIndent, clauses);
  page.CommentBehind(call.expect_span.end);
}

void WriteTest(Page& page, const ast::Test& test) {
  page.Line(0, "test " + JsonQuoted(test.name.text) + " {");
  page.CommentBehind(test.name.span.end);
  page.BeginBlock();
  for (const ast::TestCall& call : test.calls) {
    page.CommentsBefore(call.span.end, kIndent);
    page.KeepBlankBefore(call.span.begin);
    WriteCall(page, call);
  }
  if (page.has_source()) page.CommentsBefore(test.span.end, kIndent);
  page.Line(0, "}");
}

// -- the whole -----------------------------------------------------------------------------------

// A statement of the policy itself.
struct Item {
  Span span;
  bool is_block = false;
  int group = 0;  // a blank line parts groups where the source does not say
  std::function<void()> write;
};

class PolicyWriter {
 public:
  PolicyWriter(const ast::Policy& policy, const Source* source)
      : policy_(policy), expressions_(policy), page_(policy, source) {
    AddLines();
    AddBlocks();
    if (source != nullptr) {
      std::erase_if(items_, [](const Item& item) { return item.span.file != 0; });
      std::ranges::stable_sort(items_, {}, [](const Item& item) { return item.span.begin; });
    }
  }

  std::string Write() {
    const Item* last = nullptr;
    for (const Item& item : items_) {
      const bool parts = last != nullptr && (item.is_block || last->is_block ||
                                             (!page_.has_source() && item.group != last->group));
      if (parts) page_.Blank();
      page_.CommentsBefore(item.is_block ? item.span.begin : item.span.end, 0);
      page_.KeepBlankBefore(item.span.begin);
      item.write();
      page_.CommentBehind(item.span.end);
      last = &item;
    }
    page_.CommentsBefore(0xFFFFFFFF, 0);
    return page_.Take();
  }

 private:
  void Add(Span span, int group, std::string line) {
    items_.push_back({span, false, group, [this, line = std::move(line)] { page_.Line(0, line); }});
  }
  void AddClauses(Span span, int group, std::vector<Clause> clauses) {
    items_.push_back({span, false, group,
                      [this, clauses = std::move(clauses)] { WriteClauses(page_, 0, clauses); }});
  }

  void AddLines() {
    if (!policy_.name.text.empty()) {
      Add(policy_.name.span, 0, "policy " + JsonQuoted(policy_.name.text));
    }
    if (policy_.default_span.end != 0) {
      Add(policy_.default_span, 0, policy_.default_allows ? "default allow" : "default deny");
    }
    if (policy_.zone) Add(policy_.zone->span, 0, "zone " + JsonQuoted(policy_.zone->text));
    if (const auto& use = policy_.use_tools) {
      Add(use->span, 1, "use tools " + JsonQuoted(use->path.text));
    }
    if (page_.has_source()) {
      for (const ast::Include& include : policy_.includes) {
        Add(include.span, 1, "include " + JsonQuoted(include.path.text));
      }
    }
    for (const ast::Let& let : policy_.lets) AddLet(let);
    for (const ast::Counter& counter : policy_.counters) {
      Add(counter.span, 3, CounterText(counter));
    }
    for (const ast::Hide& hide : policy_.hides) {
      Add(hide.pattern.span, 4, "hide " + NameText(hide.pattern.text));
    }
  }
  void AddLet(const ast::Let& let) {
    std::vector<Clause> clauses = {{"", {fmt::format("let {} =", let.name.text)}}};
    const ast::Expression& value = ast::At(policy_, let.value_id);
    const auto* list = std::get_if<ast::List>(&value.node);
    if (list == nullptr) {
      clauses.push_back({"", {expressions_.Text(let.value_id)}});
      return AddClauses(let.span, 2, std::move(clauses));
    }
    // Members fill lines.
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      std::string text = i == 0 ? "[" : "";
      text += expressions_.Text(list->items[i]);
      text += i + 1 == list->items.size() ? "]" : ",";
      clauses.push_back({"", {std::move(text)}});
    }
    if (list->items.empty()) clauses.push_back({"", {"[]"}});
    AddClauses(let.span, 2, std::move(clauses));
  }
  void AddBlocks() {
    for (const ast::ToolBlock& block : policy_.blocks) {
      items_.push_back(
          {block.span, true, 5, [this, &block] { WriteBlock(page_, block, expressions_); }});
    }
    for (const ast::Test& test : policy_.tests) {
      items_.push_back({test.span, true, 6, [this, &test] { WriteTest(page_, test); }});
    }
  }

  const ast::Policy& policy_;
  TextExpressionWriter expressions_;
  Page page_;
  std::vector<Item> items_;
};

}  // namespace

std::string WritePolicyText(const ast::Policy& policy, const Source* source) {
  return PolicyWriter(policy, source).Write();
}

}  // namespace policy
